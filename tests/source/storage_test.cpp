// What counts as a variable, and what is said of its type.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using model::PythonType;
using model::Storage;
using ::testing::UnorderedElementsAre;

TEST(Storage, TakesEveryDefinitionAndNoDeclaration) {
  const auto facts = facts_of(R"(
extern int declared;
static int file_static;
int tentative;
int tentative;
extern int with_value; int with_value = 3;
static PyTypeObject forward;
static PyTypeObject forward = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = "x"};
int f(void) { static int local; int automatic = 0; extern int inner; return local + automatic + inner + declared; }
)");
  EXPECT_THAT(names(facts), UnorderedElementsAre("file_static", "tentative", "with_value", "forward", "local"));
  EXPECT_EQ(variable(facts, "forward").where.line, 9u);
  EXPECT_EQ(variable(facts, "local").storage, Storage::function_local);
  EXPECT_EQ(variable(facts, "local").where.function, "f");
  EXPECT_EQ(variable(facts, "local").linkage, model::Linkage::none);
  EXPECT_EQ(variable(facts, "tentative").linkage, model::Linkage::external);
  EXPECT_EQ(variable(facts, "file_static").linkage, model::Linkage::internal);
}

TEST(Storage, FileScopeCompoundLiteralsHaveNoNameButAnOwner) {
  const auto facts = facts_of("static PyModuleDef def = {PyModuleDef_HEAD_INIT, .m_methods = (PyMethodDef[]){{0}}};\n");
  const auto& literal = variable(facts, "(compound literal)");
  EXPECT_EQ(literal.qualified_name, "def (compound literal)");
  EXPECT_EQ(literal.canonical_type, "PyMethodDef[]");
}

TEST(Storage, ConstIsDeepAndPositional) {
  const auto facts = facts_of(R"(
static const int number = 1;
static const char *text = "a";
static const char *const fixed = "a";
static const char *const table[] = {"a"};
static char *names_table[] = {"a"};
typedef const int limit_t; static limit_t limits[2] = {1, 2};
)");
  EXPECT_TRUE(variable(facts, "number").is_const);
  EXPECT_FALSE(variable(facts, "text").is_const);
  EXPECT_TRUE(variable(facts, "fixed").is_const);
  EXPECT_TRUE(variable(facts, "table").is_const);
  EXPECT_FALSE(variable(facts, "names_table").is_const);
  EXPECT_TRUE(variable(facts, "limits").is_const);
}

TEST(Storage, SeesPythonTypesThroughArraysMembersAndPointers) {
  const auto facts = facts_of(R"(
typedef struct { PyObject_HEAD int x; } Foo;
typedef struct { Foo base; int y; } SubFoo;
struct state { int n; struct { PyObject *items[2]; } inner; };
struct with_type { PyObject *a; PyTypeObject type; };
struct plain { int n; struct plain *next; };
static PyObject *object, *objects[4], **heap_array;
static Foo *foo; static SubFoo *sub_foo;
static Foo instance;
static PyTypeObject type; static PyTypeObject *type_pointer;
static struct state state; static struct state *state_pointer;
static struct with_type with_type;
static struct plain plain;
static PyThreadState *thread; static PyInterpreterState *interpreter;
static PyObject *(*function)(PyObject *);
static PyMethodDef methods[1];
)");
  const auto type = [&](const char* name) { return variable(facts, name).python_type; };
  EXPECT_EQ(type("object"), PythonType::object_pointer);
  EXPECT_EQ(type("objects"), PythonType::object_pointer);
  EXPECT_EQ(type("heap_array"), PythonType::object_pointer);
  EXPECT_EQ(type("foo"), PythonType::object_pointer);
  EXPECT_EQ(type("sub_foo"), PythonType::object_pointer);
  EXPECT_EQ(type("instance"), PythonType::static_object);
  EXPECT_EQ(type("type"), PythonType::static_type);
  EXPECT_EQ(type("type_pointer"), PythonType::type_pointer);
  EXPECT_EQ(type("state"), PythonType::object_pointer);
  EXPECT_EQ(variable(facts, "state").type, "struct state (member inner.items)");
  EXPECT_EQ(type("state_pointer"), PythonType::none);
  EXPECT_EQ(type("with_type"), PythonType::static_type);
  EXPECT_EQ(type("plain"), PythonType::none);
  EXPECT_EQ(type("thread"), PythonType::state_pointer);
  EXPECT_EQ(type("interpreter"), PythonType::state_pointer);
  EXPECT_EQ(type("function"), PythonType::none);
  EXPECT_EQ(type("methods"), PythonType::none);
}

TEST(Storage, LimitedApiTypesAreKnownByName) {
  const auto facts =
      facts_of("static PyTypeObject *type; static PyObject *object;\n", "demo.c", "-DPy_LIMITED_API=0x030c0000");
  EXPECT_EQ(variable(facts, "type").python_type, PythonType::type_pointer);
  EXPECT_EQ(variable(facts, "object").python_type, PythonType::object_pointer);
}

/// What a thread's pointer leads to is the thread's as well: greenlet keeps its greenlets so.
TEST(Storage, AThreadsPointerIsLookedBehind) {
  const auto facts = facts_of(R"(
struct state { int depth; PyObject *current; struct state *next; };
struct plain { int depth; struct plain *next; };
struct creator { state *own; };
static thread_local state *pointer;
static thread_local creator member;
static thread_local plain *none;
static state *shared;
)",
                              "demo.cpp");
  EXPECT_EQ(variable(facts, "pointer").python_type, PythonType::object_pointer);
  EXPECT_EQ(variable(facts, "pointer").type, "state * (member current)");
  EXPECT_EQ(variable(facts, "member").python_type, PythonType::object_pointer);
  EXPECT_EQ(variable(facts, "member").type, "creator (member own.current)");
  EXPECT_EQ(variable(facts, "none").python_type, PythonType::none);
  EXPECT_EQ(variable(facts, "shared").python_type, PythonType::none);
}

TEST(Storage, CanonicalTypesServeTablesOfHarmlessTypes) {
  const auto facts = facts_of(R"(
#include <pthread.h>
static PyMethodDef methods[2]; static PyModuleDef def; static pthread_mutex_t mutex; static const char *const words[3];
static PyType_Spec spec; static _Thread_local int tls; static _Atomic int atomic;
)");
  EXPECT_EQ(variable(facts, "methods").canonical_type, "PyMethodDef[]");
  EXPECT_EQ(variable(facts, "def").canonical_type, "PyModuleDef");
  EXPECT_EQ(variable(facts, "mutex").canonical_type, "pthread_mutex_t");
  EXPECT_EQ(variable(facts, "words").canonical_type, "const char *[]");
  EXPECT_EQ(variable(facts, "spec").canonical_type, "PyType_Spec");
  EXPECT_TRUE(variable(facts, "tls").is_thread_local);
  EXPECT_TRUE(variable(facts, "atomic").is_atomic);
  EXPECT_FALSE(variable(facts, "methods").is_atomic);
}

TEST(Storage, UnnamedTypesCarryNoPaths) {
  const auto facts = facts_of("static struct { int n; } one; static struct { int n; } many[2];\n");
  EXPECT_EQ(variable(facts, "one").type, "struct (unnamed)");
  EXPECT_EQ(variable(facts, "many").canonical_type, "(unnamed)[]");
}

TEST(Storage, AStaticLocalKnowsTheMacroThatNamesIt) {
  const auto facts = facts_of(R"(#define PREPARE static int made_by_macro
#define OUTER(n) PREPARE; made_by_macro = (n)
#define NAMED(name) static int name
void a(int n) { OUTER(n); }
void b(int n) { NAMED(named_by_user); named_by_user = n; }
void c(int n) { static int plain; plain = n; }
)");
  EXPECT_EQ(variable(facts, "made_by_macro").macro, "OUTER");
  EXPECT_EQ(variable(facts, "named_by_user").macro, "");
  EXPECT_EQ(variable(facts, "plain").macro, "");
}

TEST(Storage, GeneratedFilesAreNamedByTheirBanner) {
  EXPECT_EQ(variable(facts_of("/* Generated by Cython 3.1 */\nstatic int a;\n"), "a").generator, "cython");
  EXPECT_EQ(variable(facts_of("static int a;\n"), "a").generator, "");
  // Deep in a file the same words are a comment.
  const std::string far = "/*" + std::string(4000, '-') + "*/ /* Generated by Cython */ static int a;\n";
  EXPECT_EQ(variable(facts_of(far), "a").generator, "");
}

}  // namespace
}  // namespace isoaudit::tests
