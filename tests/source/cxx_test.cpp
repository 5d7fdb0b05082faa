#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using model::PythonType;
using model::Storage;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Cxx, NamespacesMembersTemplatesAndInlineVariables) {
  const auto facts = facts_of(R"(
namespace a { namespace { int hidden; } int shown; }
struct S { static int member; inline static int in_class; static constexpr int fixed = 1; };
int S::member;
template <typename T> struct Box { static T *instance; };
template <typename T> T *Box<T>::instance;
template <typename T> T &get() { static T value; return value; }
inline int shared;
constexpr int limit = 3;
int f() { Box<int>::instance = nullptr; Box<char>::instance = nullptr; return get<int>() + get<long>(); }
)",
                              "demo.cpp");
  EXPECT_EQ(variable(facts, "hidden").linkage, model::Linkage::internal);
  EXPECT_EQ(variable(facts, "hidden").qualified_name, "a::(anonymous namespace)::hidden");
  EXPECT_EQ(variable(facts, "shown").linkage_name, "_ZN1a5shownE");
  EXPECT_EQ(variable(facts, "member").storage, Storage::class_member);
  EXPECT_EQ(variable(facts, "member").linkage_name, "_ZN1S6memberE");
  EXPECT_FALSE(variable(facts, "in_class").is_const);
  EXPECT_TRUE(variable(facts, "fixed").is_const);
  EXPECT_TRUE(variable(facts, "limit").is_const);
  // One for the source's variable, however often it is instantiated.
  const auto all = names(facts);
  EXPECT_EQ(std::ranges::count(all, "instance"), 1);
  EXPECT_EQ(std::ranges::count(all, "value"), 1);
  EXPECT_EQ(variable(facts, "instance").writes.size(), 2u);
}

TEST(Cxx, ContainersSmartPointersAndWrappers) {
  const auto facts = facts_of(R"(#include <vector>
#include <map>
#include <memory>
#include <string>
namespace pybind11 { class handle { void *p; }; class object : public handle {}; class dict : public object {}; }
struct Deleter { void operator()(PyObject *o) const; };
static std::vector<PyObject *> vector;
static std::map<std::string, std::vector<PyObject *>> nested;
static std::unique_ptr<PyObject, Deleter> smart;
static pybind11::dict wrapper;
static std::vector<int> plain;
)",
                              "demo.cpp");
  EXPECT_EQ(variable(facts, "vector").python_type, PythonType::object_pointer);
  EXPECT_EQ(variable(facts, "nested").python_type, PythonType::object_pointer);
  EXPECT_EQ(variable(facts, "smart").python_type, PythonType::object_pointer);
  EXPECT_EQ(variable(facts, "wrapper").python_type, PythonType::wrapper);
  EXPECT_EQ(variable(facts, "plain").python_type, PythonType::none);
  EXPECT_TRUE(variable(facts, "plain").has_dynamic_init);
}

TEST(Cxx, WrappersThatTheUserNames) {
  ScratchProject project;
  project.unit("demo.cpp", R"(#include <vector>
namespace mine { class Ref { void *p; }; struct Derived : Ref {}; }
class Ref { int n; };
static mine::Ref named;
static std::vector<mine::Derived> derived;
static Ref other;
)");
  const auto facts = project.scan({.names = {.wrapper_classes = {"mine::Ref"}}}).facts;
  EXPECT_EQ(variable(facts, "named").python_type, PythonType::wrapper);
  EXPECT_EQ(variable(facts, "derived").python_type, PythonType::wrapper);
  EXPECT_EQ(variable(facts, "other").python_type, PythonType::none);
  EXPECT_EQ(variable(project.scan().facts, "named").python_type, PythonType::none);
}

TEST(Cxx, MethodsOperatorsAndReferences) {
  const auto facts = facts_of(R"(#include <map>
#include <vector>
static std::map<int, int> map; static std::vector<int> vector, only_read; static int number, bound, looked_at;
void by_reference(int &x); void by_const(const int &x);
int f(int i) {
  map[i] = 1;
  vector.push_back(i);
  vector[0] = 3;
  only_read.size(); for (auto it = only_read.begin(); it != only_read.end(); ++it) i += *it;
  by_reference(number);
  int &r = bound; r = 2;
  by_const(looked_at);
  return i;
}
)",
                              "demo.cpp");
  EXPECT_THAT(writes(facts, "map"), ElementsAre("7 method unknown map::operator[]"));
  EXPECT_THAT(writes(facts, "vector"), ElementsAre("8 method unknown vector::push_back", "9 member constant"));
  EXPECT_THAT(writes(facts, "only_read"), IsEmpty());
  EXPECT_THAT(writes(facts, "number"), ElementsAre("11 passed unknown by_reference"));
  EXPECT_THAT(writes(facts, "bound"), ElementsAre("12 assignment constant"));
  EXPECT_THAT(writes(facts, "looked_at"), IsEmpty());
}

TEST(Cxx, InitialisersThatRun) {
  const auto facts = facts_of(R"(
PyObject *make();
static PyObject *at_start = make();
void f() { static PyObject *lazy = PyDict_New(); (void)lazy; }
static int plain = 4;
)",
                              "demo.cpp");
  EXPECT_EQ(variable(facts, "at_start").initialiser_callee, "make");
  EXPECT_EQ(variable(facts, "lazy").initialiser_callee, "PyDict_New");
  EXPECT_EQ(variable(facts, "plain").initialiser_callee, "");
}

TEST(Cxx, ConstWithMutableMembersIsNotConst) {
  const auto facts =
      facts_of("struct C { mutable int hits; int n; }; static const C c{}; static int &r = *new int;\n", "demo.cpp");
  EXPECT_FALSE(variable(facts, "c").is_const);
  EXPECT_FALSE(variable(facts, "r").is_const);
}

TEST(Cxx, AFileIsCxxWhenItsCompilerIs) {
  ScratchProject project;
  project.write("demo.c", "namespace n { int value; }\n");
  project.command("demo.c", "ccache g++ -c demo.c");
  const auto result = project.scan();
  EXPECT_THAT(result.gaps, IsEmpty());
  EXPECT_THAT(names(result.facts), ElementsAre("value"));
}

}  // namespace
}  // namespace isoaudit::tests
