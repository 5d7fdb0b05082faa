#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::ElementsAre;

TEST(ApiUses, CallsAndAddressesOfForeignFunctions) {
  const auto facts = facts_of(R"(#include <signal.h>
static int own(void) { return 1; }
static void (*table[])(PyGILState_STATE) = {PyGILState_Release};
void f(void) {
  PyGILState_STATE g = PyGILState_Ensure();
  PyObject *m = PyState_FindModule(NULL);
  Py_INCREF(m);
  signal(2, SIG_IGN);
  own();
}
)");
  std::vector<std::string> all;
  all.reserve(facts.api_uses.size());
  for (const model::ApiUse& use : facts.api_uses) {
    all.push_back(use.name + " " + std::to_string(use.where.line) + " " + use.where.function);
  }
  EXPECT_THAT(all,
              ElementsAre("PyGILState_Ensure 6 f", "PyGILState_Release 4 ", "PyState_FindModule 7 f", "signal 9 f"));
}

TEST(ApiUses, TakingAVariablesValueIsToldFromChangingIt) {
  const auto facts = facts_of(R"(static int hook(void) { return 0; }
int f(void) {
  if (PyOS_InputHook != NULL) return (PyOS_InputHook)();
  PyOS_InputHook = hook;
  return 0;
}
)");
  std::vector<std::string> all;
  for (const model::ApiUse& use : facts.api_uses) {
    if (use.name == "PyOS_InputHook") all.push_back(std::to_string(use.where.line) + (use.read ? " read" : ""));
  }
  EXPECT_THAT(all, ElementsAre("4 read", "5"));
}

TEST(ApiUses, TheProjectsOwnFunctionsWhereTheUserNamesThem) {
  ScratchProject project;
  project.unit("demo.c", "int mylib_init(void); int other(void);\nvoid f(void) { mylib_init(); other(); }\n");
  EXPECT_TRUE(project.scan().facts.api_uses.empty());
  const auto uses = project.scan({.names = {.functions = {"mylib_init"}}}).facts.api_uses;
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].name, "mylib_init");
  EXPECT_EQ(uses[0].where.line, 2u);
}

}  // namespace
}  // namespace isoaudit::tests
