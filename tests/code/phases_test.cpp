// When code runs, read from compiled modules: the same source with symbols and without, for both machines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "tests/binary/build_module.h"
#include "tests/code/collect_code_of_file.h"
#include "tests/code/compile_matrix.h"

namespace isoaudit::analyzer {
namespace {

using model::Reached;
using model::RunsWhen;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::Field;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

std::vector<Reached> reached(const model::CodeFacts& facts, const std::string& variable) {
  for (const model::CodeWrite& write : facts.writes) {
    if (write.symbol == variable) return write.reached;
  }
  ADD_FAILURE() << variable << " is not written";
  return {};
}

std::string path_of(const model::CodeFacts& facts, const std::string& variable, RunsWhen when) {
  for (const Reached& row : reached(facts, variable)) {
    if (row.when == when) return row.path;
  }
  return "not then";
}

MATCHER_P(RunsOnly, when, "") { return arg.size() == 1 && arg[0].when == when; }

/// One variable for each way into a module. They are exported, so that their names survive stripping.
constexpr const char* module_source = R"(
#include <stdlib.h>
#define OWN __attribute__((noinline, noipa)) static
int in_constructor, in_destructor, in_hook, in_exec, in_create, in_method, in_helper, in_getter, in_setter, in_static_new,
    in_number, in_spec_slot, in_free, in_callback, in_exported, at_exit, in_unused, in_exported_helper,
    in_table, in_static_method;
__attribute__((constructor)) static void start(void) { in_constructor = 1; }
__attribute__((destructor)) static void end(void) { in_destructor = 1; }
OWN void helper(int v) { in_helper = v; }
__attribute__((noinline)) void exported_helper(int v) { in_exported_helper = v; }
OWN PyObject *lookup(PyObject *self, PyObject *args) { in_method = 1; helper(2); return args; }
OWN PyObject *get(PyObject *self, void *closure) { in_getter = 1; return 0; }
OWN int set(PyObject *self, PyObject *value, void *closure) { in_setter = 1; return 0; }
OWN PyObject *make(PyTypeObject *type, PyObject *args, PyObject *kwargs) { in_static_new = 1; return 0; }
OWN PyObject *plus(PyObject *a, PyObject *b) { in_number = 1; return 0; }
OWN PyObject *call(PyObject *self, PyObject *args, PyObject *kwargs) { in_spec_slot = 1; return 0; }
OWN PyObject *wave(PyObject *self, PyObject *args) { in_static_method = 1; return args; }
OWN void callback(void *p) { in_callback = 1; }
OWN void last(void) { at_exit = 1; }
OWN void handler(void) { in_table = 1; }
__attribute__((used)) OWN void unused(void) { in_unused = 1; }
__attribute__((visibility("default"))) void offered(void) { in_exported = 1; }
void (*handlers[])(void) = {handler};
static PyMethodDef methods[] = {{"lookup", lookup, METH_O, "finds"}, {0}};
static PyMethodDef type_methods[] = {{"wave", wave, METH_NOARGS, 0}, {0}};
static PyGetSetDef getters[] = {{"size", get, set, "how large", 0}, {0}};
static PyNumberMethods numbers = {.nb_add = plus};
static PyTypeObject point = {PyVarObject_HEAD_INIT(0, 0) .tp_name = "shapes.Point", .tp_basicsize = 32,
  .tp_flags = Py_TPFLAGS_DEFAULT, .tp_new = make, .tp_as_number = &numbers, .tp_getset = getters,
  .tp_methods = type_methods};
static PyType_Slot line_slots[] = {{Py_tp_call, call}, {0, 0}};
static PyType_Spec line_spec = {"shapes.Line", 32, 0, Py_TPFLAGS_DEFAULT, line_slots};
OWN int exec(PyObject *module) { in_exec = 1; exported_helper(1);
  return PyType_Ready(&point) || !PyType_FromSpec(&line_spec) || !PyCapsule_New(module, "c", (void *)callback); }
OWN PyObject *create(PyObject *spec, PyModuleDef *def) { in_create = 1; return 0; }
OWN void release(void *module) { in_free = 1; }
static PyModuleDef_Slot slots[] = {{Py_mod_create, create}, {Py_mod_exec, exec},
  {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}, {0, 0}};
static PyModuleDef def = {PyModuleDef_HEAD_INIT, "pkg.shapes", 0, 8, methods, slots, 0, 0, release};
PyMODINIT_FUNC PyInit_shapes(void) { in_hook = 1; Py_AtExit(last); return PyModuleDef_Init(&def); }
)";

class PhasesOfAModule : public testing::TestWithParam<const char*> {};

TEST_P(PhasesOfAModule, EachWayIntoAModuleHasItsTimeAndItsName) {
  const tests::ModuleFolder folder;
  const model::CodeFacts facts = collect_code(folder.build("shapes.so", module_source, GetParam()));
  ASSERT_TRUE(facts.read) << facts.why_not;
  const bool stripped = std::string_view(GetParam()).ends_with(" -s");
  const std::map<std::string, std::pair<RunsWhen, std::string>> expected{
      {"in_constructor", {RunsWhen::static_initialiser, "a constructor function → start()"}},
      {"in_destructor", {RunsWhen::process, "a destructor function → end()"}},
      {"in_hook", {RunsWhen::hook, "import → PyInit_shapes()"}},
      {"in_exec", {RunsWhen::exec, "Py_mod_exec → exec()"}},
      {"in_create", {RunsWhen::exec, "Py_mod_create → create()"}},
      {"in_method", {RunsWhen::call, "method `lookup` → lookup()"}},
      {"in_helper", {RunsWhen::call, "method `lookup` → lookup() → helper()"}},
      {"in_getter", {RunsWhen::call, "getter of `size` → get()"}},
      {"in_setter", {RunsWhen::call, "setter of `size` → set()"}},
      {"in_static_new", {RunsWhen::call, "tp_new of `Point` → make()"}},
      {"in_static_method", {RunsWhen::call, "method `wave` → wave()"}},
      {"in_number", {RunsWhen::call, "nb_add of `Point` → plus()"}},
      {"in_spec_slot", {RunsWhen::call, "tp_call of `Line` → call()"}},
      {"in_free", {RunsWhen::finalise, "m_free of `shapes` → release()"}},
      {"in_callback", {RunsWhen::call, "handed out by exec() → callback()"}},
      {"in_table", {RunsWhen::call, "table `handlers` → handler()"}},
      {"in_exported", {RunsWhen::call, "other code → offered()"}},
      {"in_exported_helper", {RunsWhen::exec, "Py_mod_exec → exec() → exported_helper()"}},
      {"at_exit", {RunsWhen::process, "the process ends, as asked by PyInit_shapes() → last()"}},
  };
  for (const auto& [variable, time] : expected) {
    const auto rows = reached(facts, variable);
    EXPECT_THAT(rows, RunsOnly(time.first)) << variable;
    if (rows.empty()) continue;
    if (!stripped) {
      EXPECT_EQ(rows[0].path, time.second);
      continue;
    }
    // The function's own name is gone; Python's is not.
    const std::string how = time.second.substr(0, time.second.find(" → "));
    if (how.find("by ") == std::string::npos) {
      EXPECT_THAT(rows[0].path, StartsWith(how + " → ")) << variable;
    }
  }
  EXPECT_THAT(reached(facts, "in_unused"), ElementsAre(Reached{RunsWhen::never, ""}));
}

INSTANTIATE_TEST_SUITE_P(Flags, PhasesOfAModule,
                         testing::Values("-O0", "-O2", "-O3", "-Os", "-O2 -s", "-O2 -fno-plt",
                                         "-O2 -ffunction-sections -Wl,-Bsymbolic", "-O2 -fvisibility=hidden"),
                         [](const auto& flags) {
                           std::string name;
                           for (const char c : std::string(flags.param)) name += std::isalnum(c) != 0 ? c : '_';
                           return name;
                         });

/// The same structures, said without headers, so that other machines can be compiled for.
constexpr const char* structures = R"(
typedef struct { const char *name; void *function; int flags; const char *doc; } PyMethodDef;
typedef struct { int slot; void *value; } PyModuleDef_Slot;
typedef struct { long head[5]; const char *name, *doc; long size; PyMethodDef *methods; PyModuleDef_Slot *slots;
  void *traverse, *clear, *free; } PyModuleDef;
extern PyObject *PyModuleDef_Init(PyModuleDef *);
extern void __cxa_atexit(void (*)(void *), void *, void *);
)";

TEST(PhasesOnBothMachines, CallsTablesAndAddressesAreFollowed) {
  const tests::CompileMatrix matrix;
  matrix.each(
      std::string(structures) + R"(
      int in_exec, in_method, in_callback, in_constructor, in_late, deep, far_away, in_free;
      OWN static void callback(void *p) { in_callback = 1; }
      OWN static void late(void *p) { in_late = 1; }
      OWN static void third(int v) { deep = v; }
      OWN static void second(int v) { third(v + 1); use(0); }
      __attribute__((noinline)) void shown(int v) { far_away = v; }
      OWN static PyObject *find(PyObject *s, PyObject *a) { in_method = 1; second(3); return a; }
      OWN static int exec(PyObject *m) { in_exec = 1; use((void *)callback); __cxa_atexit(late, 0, 0); shown(2); return 0; }
      OWN static void release(void *m) { in_free = 1; }
      __attribute__((constructor)) static void start(void) { use(0); in_constructor = 1; }
      static PyMethodDef methods[] = {{"find", (void *)find, 8, "text"}, {0}};
      static PyModuleDef_Slot slots[] = {{2, (void *)exec}, {3, (void *)2}, {0}};
      static PyModuleDef def = {{1}, "m", 0, 0, methods, slots, 0, 0, (void *)release};
      PyObject *PyInit_m(void) { return PyModuleDef_Init(&def); }
  )",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
        EXPECT_THAT(reached(facts, "in_exec"), ElementsAre(Reached{RunsWhen::exec, "Py_mod_exec → exec()"}));
        EXPECT_THAT(reached(facts, "in_method"), ElementsAre(Reached{RunsWhen::call, "method `find` → find()"}));
        EXPECT_THAT(reached(facts, "deep"),
                    ElementsAre(Reached{RunsWhen::call, "method `find` → find() → second() → third()"}));
        EXPECT_THAT(reached(facts, "in_callback"),
                    ElementsAre(Reached{RunsWhen::call, "handed out by exec() → callback()"}));
        EXPECT_THAT(reached(facts, "in_late"),
                    ElementsAre(Reached{RunsWhen::process, "the process ends, as asked by exec() → late()"}));
        EXPECT_THAT(reached(facts, "in_constructor"),
                    ElementsAre(Reached{RunsWhen::static_initialiser, "a constructor function → start()"}));
        EXPECT_THAT(reached(facts, "far_away"), ElementsAre(Reached{RunsWhen::exec, "Py_mod_exec → exec() → shown()"}));
        EXPECT_THAT(reached(facts, "in_free"), ElementsAre(Reached{RunsWhen::finalise, "m_free of `m` → release()"}));
      });
}

/// The slots that a PyModExport_ hook returns (3.15): nothing but their shape says what they are.
TEST(PhasesOnBothMachines, ArraysOfSlotsAreKnownWithoutADefinition) {
  const tests::CompileMatrix matrix;
  matrix.each(
      R"(
      typedef struct { unsigned short id, flags; unsigned zero; void *value; } PySlot;
      int in_exec, in_clear, in_one, in_other;
      OWN static int exec(PyObject *m) { in_exec = 1; return 0; }
      OWN static int clear(PyObject *m) { in_clear = 1; return 0; }
      OWN static int one(PyObject *m) { in_one = 1; return 0; }
      OWN static int other(PyObject *m) { in_other = 1; return 0; }
      static PySlot slots[] = {{109, 0, 0, &in_exec}, {85, 0, 0, (void *)exec}, {86, 4, 0, (void *)2},
                               {105, 0, 0, (void *)clear}, {0}};
      PySlot *PyModExport_m(void) { return slots; }
      /* as in Rust's tables of virtual methods: drop, size, alignment, methods */
      void *rust[] = {0, 0, (void *)1, (void *)one, 0, 0, (void *)2, (void *)other, 0, 0};
  )",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
        EXPECT_THAT(reached(facts, "in_exec"), ElementsAre(Reached{RunsWhen::exec, "Py_mod_exec → exec()"}));
        EXPECT_THAT(reached(facts, "in_clear"), ElementsAre(Reached{RunsWhen::finalise, "the module's end → clear()"}));
        EXPECT_THAT(reached(facts, "in_one"), ElementsAre(Reached{RunsWhen::call, "table `rust` → one()"}));
        EXPECT_THAT(reached(facts, "in_other"), ElementsAre(Reached{RunsWhen::call, "table `rust` → other()"}));
      });
}

/// As orjson and pybind11 do it: the table is empty until the hook runs.
TEST(Phases, SlotsThatTheHookFillsInAreSlots) {
  const tests::ModuleFolder folder;
  for (const char* flags : {"-O0", "-O2", "-O2 -s"}) {
    const model::CodeFacts facts = collect_code(
        folder.build("m.so",
                     "int in_exec, in_callback; static PyModuleDef_Slot slots[3];\n"
                     "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"m\", 0, 0};\n"
                     "static void callback(void) { in_callback = 1; }\n"
                     "static int exec(PyObject *m) { in_exec = 1; return !PyCapsule_New(m, 0, (void *)callback); }\n"
                     "PyMODINIT_FUNC PyInit_m(void) { slots[0].slot = Py_mod_exec; slots[0].value = (void *)exec;\n"
                     "  def.m_slots = slots; return PyModuleDef_Init(&def); }\n",
                     flags));
    EXPECT_THAT(reached(facts, "in_exec"), RunsOnly(RunsWhen::exec)) << flags;
    EXPECT_THAT(path_of(facts, "in_exec", RunsWhen::exec), StartsWith("Py_mod_exec → ")) << flags;
    EXPECT_THAT(reached(facts, "in_callback"), RunsOnly(RunsWhen::call)) << flags;
  }
}

/// The unlikely part of a function lies elsewhere, and is a part of it all the same.
TEST(Phases, UnlikelyPartsBelongToTheirFunction) {
  const tests::ModuleFolder folder;
  for (const char* flags : {"-O2", "-O2 -s"}) {
    const model::CodeFacts facts = collect_code(
        folder.build("m.so",
                     "int failures; __attribute__((cold, noinline)) extern void complain(void);\n"
                     "void complain(void) { failures++; }\n"
                     "int often, seldom;\n"
                     "static PyObject *work(PyObject *s, PyObject *a) {\n"
                     "  if (__builtin_expect(a == 0, 0)) { seldom = 1; complain(); abort(); } often = 1; return a; }\n"
                     "static PyMethodDef methods[] = {{\"work\", work, METH_O, 0}, {0}};\n"
                     "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"m\", 0, 0, methods};\n"
                     "PyMODINIT_FUNC PyInit_m(void) { return PyModuleDef_Init(&def); }\n",
                     flags));
    ASSERT_THAT(reached(facts, "seldom"), SizeIs(1)) << flags;
    EXPECT_THAT(path_of(facts, "seldom", RunsWhen::call), StartsWith("method `work` → ")) << flags;
    EXPECT_THAT(path_of(facts, "failures", RunsWhen::call), StartsWith("method `work` → ")) << flags;
    for (const model::CodeWrite& write : facts.writes) EXPECT_THAT(write.function, testing::Not(HasSubstr("cold")));
  }
}

/// A table of jumps alone leads there: nothing else says that the part is somebody's.
TEST(Phases, PartsThatOnlyATableOfJumpsLeadsToAreNotUnused) {
  const tests::ModuleFolder folder;
  for (const char* flags : {"-O2", "-O2 -s"}) {
    const model::CodeFacts facts = collect_code(
        folder.build("m.so",
                     "__attribute__((cold, noreturn)) extern void complain(int);\n"
                     "int often, seldom, unused; extern void more(int);\n"
                     "PyObject *work(PyObject *s, PyObject *a);\n"
                     "static PyMethodDef methods[] = {{\"work\", work, METH_O, 0}, {0}};\n"
                     "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"m\", 0, 0, methods};\n"
                     "PyMODINIT_FUNC PyInit_m(void) { return PyModuleDef_Init(&def); }\n"
                     "__attribute__((visibility(\"hidden\"))) PyObject *work(PyObject *s, PyObject *a) {\n"
                     "  switch (PyLong_AsLong(a)) {\n"
                     "  case 0: often = 3; more(1); break; case 1: often = 4; more(7); break;\n"
                     "  case 2: often = 8; more(3); break; case 3: seldom = 1; complain(2); case 4: more(2); break;\n"
                     "  case 5: more(9); often = 2; break; case 6: more(11); often = 21; break; }\n"
                     "  return s; }\n"
                     "__attribute__((used, visibility(\"hidden\"))) void nobody(void) { unused = 1; more(1); }\n",
                     flags));
    ASSERT_THAT(reached(facts, "seldom"), SizeIs(1)) << flags;
    EXPECT_THAT(path_of(facts, "seldom", RunsWhen::call), StartsWith("method `work` → ")) << flags;
    EXPECT_THAT(reached(facts, "unused"), RunsOnly(RunsWhen::never)) << flags;
  }
}

TEST(Phases, VirtualMethodsAreCalledThroughTheirTable) {
  const tests::ModuleFolder folder;
  const model::CodeFacts facts = collect_code(
      folder.build("m.so",
                   "// c++\n"
                   "int count; namespace { struct Shape { virtual ~Shape() {} virtual void draw() { count++; } }; }\n"
                   "extern \"C\" void *make() { return new Shape; }\n",
                   "-O2"));
  EXPECT_THAT(path_of(facts, "count", RunsWhen::call), AllOf(HasSubstr("vtable for"), HasSubstr("Shape::draw()")));
}

TEST(Phases, LongWaysAreShownByTheirBeginningAndTheirEnd) {
  const tests::ModuleFolder folder;
  std::string source = "int deep; __attribute__((noinline, noipa)) static void f0(void) { deep = 1; }\n";
  for (int i = 1; i < 20; ++i) {
    source += "__attribute__((noinline, noipa)) static void f" + std::to_string(i) + "(void) { f" +
              std::to_string(i - 1) + "(); deep++; }\n";
  }
  const model::CodeFacts facts = collect_code(folder.build("m.so", source + "void first(void) { f19(); }\n", "-O2"));
  std::vector<std::string> paths;
  for (const model::CodeWrite& write : facts.writes) {
    for (const Reached& row : write.reached) paths.push_back(row.path);
  }
  EXPECT_THAT(paths, Contains("other code → first() → … → f2() → f1() → f0()"));
  EXPECT_THAT(paths, Contains("other code → first() → f19() → f18() → f17()"));
}

}  // namespace
}  // namespace isoaudit::analyzer
