// How a hook creates its module.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using model::GilUse;
using model::Init;
using model::MultipleInterpreters;

model::SourceEntryPoint hook(const std::string& text, const std::string& file = "demo.c") {
  const auto facts = facts_of(text, file);
  EXPECT_EQ(facts.entry_points.size(), 1u);
  return facts.entry_points.empty() ? model::SourceEntryPoint{} : facts.entry_points.front();
}

const std::string with_slots = R"(static int ex(PyObject *m) { return 0; }
static int tr(PyObject *m, visitproc visit, void *arg) { return 0; }
static PyModuleDef_Slot slots[] = {
  {Py_mod_exec, ex},
  {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
  {0, NULL}};
static PyModuleDef def = {PyModuleDef_HEAD_INIT, .m_name = "demo", .m_size = sizeof(long), .m_slots = slots, .m_traverse = tr};
)";

TEST(EntryPoints, MultiPhase) {
  const auto found = hook(with_slots + "PyMODINIT_FUNC PyInit_demo(void) { return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(found.entry.symbol, "PyInit_demo");
  EXPECT_EQ(found.entry.module, "demo");
  EXPECT_EQ(found.unit, "demo.c");
  EXPECT_EQ(found.entry.init, Init::multi_phase);
  EXPECT_EQ(found.entry.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil);
  EXPECT_EQ(found.entry.declares.gil, GilUse::absent);
  EXPECT_EQ(found.entry.declares.state_size, 8);
  EXPECT_EQ(found.entry.declares.exec_slots, 1u);
  EXPECT_TRUE(found.entry.declares.has_traverse);
  EXPECT_FALSE(found.entry.declares.has_free);
  EXPECT_EQ(found.declaration.line, 6u);  // the slot that decides
  EXPECT_EQ(found.where.line, 9u);
}

TEST(EntryPoints, MultiPhaseThroughHelpersLocalsAndReferences) {
  for (const char* body : {"static PyObject *make(PyModuleDef *d) { return PyModuleDef_Init(d); }\n"
                           "PyMODINIT_FUNC PyInit_demo(void) { return make(&def); }\n",
                           "PyMODINIT_FUNC PyInit_demo(void) { PyObject *m; PyModuleDef *d = &def;\n"
                           "  m = PyModuleDef_Init(d); if (m == NULL) return NULL; return Py_NewRef(m); }\n"}) {
    const auto found = hook(with_slots + body);
    EXPECT_EQ(found.entry.init, Init::multi_phase) << body;
    EXPECT_EQ(found.entry.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil) << body;
  }
}

TEST(EntryPoints, NoSlotAndNullSlotsAreAbsentNotUnsupported) {
  const auto found = hook(
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"demo\"};\n"
      "PyMODINIT_FUNC PyInit_demo(void) { return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(found.entry.init, Init::multi_phase);
  EXPECT_EQ(found.entry.declares.multiple_interpreters, MultipleInterpreters::absent);
  EXPECT_EQ(found.entry.declares.state_size, 0);
}

TEST(EntryPoints, SinglePhase) {
  const std::string def =
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"demo\", NULL, -1};\nstatic PyObject *mod;\n";
  for (const char* body : {"PyMODINIT_FUNC PyInit_demo(void) { return PyModule_Create(&def); }\n",
                           "PyMODINIT_FUNC PyInit_demo(void) { PyObject *m = PyModule_Create(&def);\n"
                           "  if (!m) return NULL; mod = m; return mod; }\n",
                           "PyMODINIT_FUNC PyInit_demo(void) { PyObject *m = PyModule_Create(&def);\n"
                           "  if (PyErr_Occurred()) { Py_DECREF(m); m = NULL; } return m; }\n"}) {
    const auto found = hook(def + body);
    EXPECT_EQ(found.entry.init, Init::single_phase) << body;
    EXPECT_EQ(found.entry.declares.state_size, -1) << body;
  }
  const auto global = hook("static PyObject *mod; PyMODINIT_FUNC PyInit_demo(void) { return mod; }\n");
  EXPECT_EQ(global.entry.init, Init::single_phase);
}

TEST(EntryPoints, WhatIsBuiltAtRunTimeIsNotGuessed) {
  const auto found = hook(R"(static PyModuleDef_Slot slots[4];
static PyModuleDef def = {PyModuleDef_HEAD_INIT, .m_name = "demo", .m_slots = slots};
PyMODINIT_FUNC PyInit_demo(void) {
  slots[0].slot = Py_mod_multiple_interpreters;
  return PyModuleDef_Init(&def);
}
)");
  EXPECT_EQ(found.entry.init, Init::multi_phase);
  EXPECT_EQ(found.entry.declares.multiple_interpreters, MultipleInterpreters::undetermined);
  EXPECT_EQ(found.entry.declares.undetermined_reason, "slots is built at run time (demo.c:5)");
  const auto member =
      hook(with_slots + "PyMODINIT_FUNC PyInit_demo(void) { def.m_slots = 0; return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(member.entry.declares.multiple_interpreters, MultipleInterpreters::undetermined);
}

TEST(EntryPoints, AHookOfAnotherUnitIsNotFollowed) {
  const auto found = hook("PyObject *elsewhere(void); PyMODINIT_FUNC PyInit_demo(void) { return elsewhere(); }\n");
  EXPECT_EQ(found.entry.init, Init::undetermined);
  EXPECT_THAT(found.entry.declares.undetermined_reason, ::testing::HasSubstr("elsewhere()"));
}

/// What the hook returns is lost in a class; the only maker of modules that it leads to is not.
TEST(EntryPoints, AModuleThatAClassMakes) {
  const std::string text = R"(static PyModuleDef def = {PyModuleDef_HEAD_INIT, "demo"};
struct Pointer { PyObject *p; explicit Pointer(PyObject *q) : p(q) {} PyObject *borrow() const { return p; } };
struct Made : Pointer { explicit Made(PyModuleDef &d) : Pointer(MAKE(&d)) {} };
static PyObject *init() noexcept { try { Made m(def); return m.borrow(); } catch (...) { return nullptr; } }
PyMODINIT_FUNC PyInit_demo(void) { return init(); }
)";
  EXPECT_EQ(hook("#define MAKE PyModule_Create\n" + text, "demo.cpp").entry.init, Init::single_phase);
  EXPECT_EQ(hook("#define MAKE PyModuleDef_Init\n" + text, "demo.cpp").entry.init, Init::undetermined);
  EXPECT_EQ(hook("PyObject *elsewhere(PyModuleDef *);\n#define MAKE elsewhere\n" + text, "demo.cpp").entry.init,
            Init::undetermined);
}

TEST(EntryPoints, DecoysAndStaticFunctionsAreNoHooks) {
  const auto facts = facts_of(
      "PyObject *PyModInit_x(void) { return NULL; }\nstatic PyObject *PyInit_y(void) { return NULL; }\n"
      "PyObject *keep(void) { return PyInit_y(); }\nPyObject *PyInit_z(void);\n");
  EXPECT_TRUE(facts.entry_points.empty());
}

TEST(EntryPoints, Pybind11ReadsItsTag) {
  const auto module = [](const std::string& tag) {
    return hook(R"(#define PYBIND11_VERSION_MAJOR 3
#define PYBIND11_MODULE(name, variable, ...) extern "C" PyObject *PyInit_##name(void); \
  extern "C" PyObject *PyInit_##name(void) { return nullptr; }
PYBIND11_MODULE(demo, m)" +
                    tag + ")\n",
                "demo.cpp");
  };
  EXPECT_EQ(module("").generator, "pybind11");
  EXPECT_EQ(module("").entry.init, Init::multi_phase);
  EXPECT_EQ(module("").entry.declares.multiple_interpreters, MultipleInterpreters::not_supported);
  EXPECT_EQ(module(", py::multiple_interpreters::per_interpreter_gil()").entry.declares.multiple_interpreters,
            MultipleInterpreters::per_interpreter_gil);
}

}  // namespace
}  // namespace isoaudit::tests
