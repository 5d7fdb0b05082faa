// When each write happens, and the way that leads to it.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const char* word(model::RunsWhen when) {
  switch (when) {
    case model::RunsWhen::never: return "never";
    case model::RunsWhen::static_initialiser: return "load";
    case model::RunsWhen::process: return "process";
    case model::RunsWhen::main_interpreter: return "main";
    case model::RunsWhen::hook: return "hook";
    case model::RunsWhen::exec: return "exec";
    case model::RunsWhen::call: return "call";
    case model::RunsWhen::finalise: return "end";
  }
  return "";
}

/// "call: method `get` → get()" of all writes.
std::vector<std::string> times(const model::SourceFacts& facts, std::string_view name) {
  std::vector<std::string> all;
  for (const model::Write& write : variable(facts, name).writes) {
    for (const model::Reached& reached : write.reached) {
      all.push_back(std::string(word(reached.when)) + (reached.path.empty() ? "" : ": " + reached.path));
    }
  }
  return all;
}

TEST(CallGraph, TablesOfTheModuleSayWhenTheirFunctionsRun) {
  const auto facts = facts_of(R"(static int by_method, by_exec, by_free, by_hook, by_getter, by_slot, by_old_type;
static PyObject *get(PyObject *self, PyObject *args) { by_method++; return NULL; }
static int exec(PyObject *module) { by_exec++; return 0; }
static void end(void *module) { by_free++; }
static PyObject *size(PyObject *self, void *c) { by_getter++; return NULL; }
static PyObject *text(PyObject *self) { by_slot++; return NULL; }
static PyObject *old(PyObject *self) { by_old_type++; return NULL; }
static PyMethodDef methods[] = {{"get", get, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)exec}, {0, NULL}};
static PyGetSetDef getset[] = {{"size", size, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot type_slots[] = {{Py_tp_repr, (void *)text}, {Py_tp_getset, getset}, {0, NULL}};
PyTypeObject Old = {.tp_name = "Old", .tp_str = old};
PyType_Spec spec = {.name = "m.T", .slots = type_slots};
static PyModuleDef def = {.m_name = "m", .m_methods = methods, .m_slots = slots, .m_free = end};
PyMODINIT_FUNC PyInit_m(void) { by_hook++; return PyModuleDef_Init(&def); }
)");
  EXPECT_THAT(times(facts, "by_method"), ElementsAre("call: method `get` → get()"));
  EXPECT_THAT(times(facts, "by_exec"), ElementsAre("exec: Py_mod_exec → exec()"));
  EXPECT_THAT(times(facts, "by_free"), ElementsAre("end: m_free of `def` → end()"));
  EXPECT_THAT(times(facts, "by_hook"), ElementsAre("hook: import → PyInit_m()"));
  EXPECT_THAT(times(facts, "by_getter"), ElementsAre("call: getter of `size` → size()"));
  EXPECT_THAT(times(facts, "by_slot"), ElementsAre("call: tp_repr of `type_slots` → text()"));
  EXPECT_THAT(times(facts, "by_old_type"), ElementsAre("call: tp_str of `Old` → old()"));
}

TEST(CallGraph, TheShortestWayIsShownThroughOtherUnits) {
  ScratchProject project;
  project.unit("a.c",
               "#include <Python.h>\nvoid store(void); static void two(void) { store(); }\n"
               "static PyObject *put(PyObject *s, PyObject *a) { two(); return NULL; }\n"
               "static PyMethodDef methods[] = {{\"put\", put, METH_VARARGS, NULL}};\n"
               "PyMethodDef *all(void) { return methods; }\n");
  project.unit("b.c", "static int n; void store(void) { n = 1; }\n");
  EXPECT_THAT(times(project.scan().facts, "n"), ElementsAre("call: method `put` → put() → two() → store()"));
}

TEST(CallGraph, WhatNothingLeadsToIsSaid) {
  const auto facts = facts_of(R"(static int dead, circle, outside, handed, old_style;
static void unused(void) { dead = 1; }
static void a(int n); static void b(int n) { circle = n; a(n); } static void a(int n) { b(n); }
void exported(void) { outside = 1; }
static void callback(void *v) { handed = 1; }
void f(void) { Py_AddPendingCall((int (*)(void *))callback, NULL); }
static void in_table(void) { old_style = 1; }
void (*pointers[])(void) = {in_table};
)");
  EXPECT_THAT(times(facts, "dead"), ElementsAre("never"));
  EXPECT_THAT(times(facts, "circle"), ElementsAre("never"));
  EXPECT_THAT(times(facts, "outside"), ElementsAre("call: other code → exported()"));
  EXPECT_THAT(times(facts, "handed"), ElementsAre("call: handed out by f() → callback()"));
  EXPECT_THAT(times(facts, "old_style"), ElementsAre("call: table `pointers` → in_table()"));
}

TEST(CallGraph, BeforeMainAndAroundTheWholeProcess) {
  const auto facts = facts_of(R"(static int loaded, started, both, once; static pthread_once_t flag;
__attribute__((constructor)) static void load(void) { loaded = 1; }
static void configure(void) { started = 1; }
static void shared(void) { both = 1; }
int main(void) { configure(); shared(); return 0; }
static void init(void) { once = 1; }
void f(void) { shared(); pthread_once(&flag, init); }
)");
  EXPECT_THAT(times(facts, "loaded"), ElementsAre("load: a constructor function → load()"));
  EXPECT_THAT(times(facts, "started"), ElementsAre("process: the process → main() → configure()"));
  EXPECT_THAT(times(facts, "both"),
              ElementsAre("process: the process → main() → shared()", "call: other code → f() → shared()"));
  EXPECT_THAT(times(facts, "once"), ElementsAre("call: other code → f() → init()"));
}

TEST(CallGraph, TheChildOfAForkRunsAlone) {
  const auto facts = facts_of(R"(static int waiting;
static void reset(void) { waiting = 0; }
void PyOS_AfterFork_Child(void) { reset(); }
void fork_it(void) { PyOS_AfterFork_Child(); }
)");
  EXPECT_THAT(times(facts, "waiting"), ElementsAre("process: the process → PyOS_AfterFork_Child() → reset()"));
}

TEST(CallGraph, WhatOnlyTheMainInterpreterDoes) {
  const auto facts = facts_of(R"(static int in_then, after_return, in_else, by_local, both, last, wrong;
static void one(void) { in_then = 1; }
static void two(void) { after_return = 1; }
static void three(void) { by_local = 1; }
static void four(void) { both = 1; }
static void five(void) { wrong = 1; }
__attribute__((noreturn)) static void fatal(void) { last = 1; for (;;) ; }
void f(int x) {
  if (x && PyInterpreterState_Get() == PyInterpreterState_Main()) one();
  if (x || PyInterpreterState_Get() == PyInterpreterState_Main()) five();
  int is_main = PyInterpreterState_Get() == PyInterpreterState_Main();
  if (is_main) { three(); four(); }
  if (!is_main) { four(); } else { in_else = 1; }
  if (x) fatal();
  if (PyInterpreterState_Main() != PyInterpreterState_Get()) return;
  two();
}
)");
  EXPECT_THAT(times(facts, "in_then"), ElementsAre("main: the main interpreter alone → f() → one()"));
  EXPECT_THAT(times(facts, "after_return"), ElementsAre("main: the main interpreter alone → f() → two()"));
  EXPECT_THAT(times(facts, "by_local"), ElementsAre("main: the main interpreter alone → f() → three()"));
  EXPECT_THAT(times(facts, "both"),
              ElementsAre("main: the main interpreter alone → f() → four()", "call: other code → f() → four()"));
  EXPECT_THAT(times(facts, "wrong"), ElementsAre("call: other code → f() → five()"));
  EXPECT_THAT(times(facts, "last"), ElementsAre("process: the process ends in f() → fatal()"));
  EXPECT_EQ(variable(facts, "in_else").writes[0].guard, "main interpreter only");
}

TEST(CallGraph, CxxFunctionsThatNothingIsSeenToCallMayBeCalled) {
  const auto facts = facts_of(R"(static int n, t, v, load, lambda;
static void hidden() { n = 1; }
template <typename T> void call_it(T x) { hidden(); t = 1; }
struct Base { virtual ~Base() = default; virtual void run() { v = 1; } };
static int fill() { load = 1; return 1; }
static int filled = fill();
void f() { auto g = [] { lambda = 1; }; g(); }
)",
                              "demo.cpp");
  EXPECT_THAT(times(facts, "n"), ElementsAre("call: call_it() → hidden()"));
  EXPECT_THAT(times(facts, "t"), IsEmpty());
  EXPECT_THAT(times(facts, "v"), IsEmpty());
  EXPECT_THAT(times(facts, "load"), ElementsAre("load: a static initialiser → fill()"));
  EXPECT_THAT(times(facts, "lambda"), ElementsAre("call: other code → f()"));
}

TEST(CallGraph, AUnitThatCouldNotBeReadWholeLeavesNothingOut) {
  ScratchProject project;
  project.unit("a.c",
               "#include \"missing.h\"\nstatic int n; static void f(void) { n = 1; }\nint g(void) { return n; }\n");
  const auto result = project.scan();
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_THAT(times(result.facts, "n"), ElementsAre("call: a unit that could not be read whole → f()"));
}

}  // namespace
}  // namespace isoaudit::tests
