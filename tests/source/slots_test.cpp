// Slots as the headers of each version number them: a Python.h of our own stands for the version.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using model::Init;
using model::MultipleInterpreters;

std::string python_h(int minor) {
  return "#define PY_MAJOR_VERSION 3\n#define PY_MINOR_VERSION " + std::to_string(minor) + R"(
#include <stdint.h>
typedef struct _object { long refcnt; void *type; } PyObject;
typedef struct PyModuleDef_Slot { int slot; void *value; } PyModuleDef_Slot;
typedef struct PyModuleDef { PyObject ob_base; const char *m_name, *m_doc; long m_size; void *m_methods;
  PyModuleDef_Slot *m_slots; void *m_traverse, *m_clear, *m_free; } PyModuleDef;
typedef struct PySlot { uint16_t sl_id; uint16_t sl_flags; union { uint32_t sl_reserved; };
  union { void *sl_ptr; void (*sl_func)(void); long sl_size; int64_t sl_int64; uint64_t sl_uint64; }; } PySlot;
PyObject *PyModuleDef_Init(PyModuleDef *def);
)";
}

model::EntryPoint hook(int minor, const std::string& text) {
  ScratchProject project;
  project.write("include/Python.h", python_h(minor));
  project.unit("demo.c", "#include <Python.h>\n" + text, "-Iinclude");
  const auto result = project.scan();
  for (const model::Gap& gap : result.gaps) ADD_FAILURE() << gap.reason;
  EXPECT_EQ(result.facts.entry_points.size(), 1u);
  return result.facts.entry_points.empty() ? model::EntryPoint{} : result.facts.entry_points.front().entry;
}

std::string multi_phase(const std::string& slots) {
  return "static PyModuleDef_Slot slots[] = {" + slots +
         "{0, 0}};\nstatic PyModuleDef def = {.m_name = \"d\", .m_slots = slots};\n"
         "PyObject *PyInit_d(void) { return PyModuleDef_Init(&def); }\n";
}

TEST(Slots, TheSameNumberMeansWhatItsVersionSays) {
  const std::string text = multi_phase("{86, (void *)2}, ");
  EXPECT_EQ(hook(15, text).declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil);
  EXPECT_EQ(hook(14, text).declares.invalid, "unknown slot 86 for Python 3.14");
  EXPECT_EQ(hook(15, multi_phase("{3, (void *)2}, ")).declares.multiple_interpreters,
            MultipleInterpreters::per_interpreter_gil);
}

TEST(Slots, ValuesAsTheRuntimeComparesThem) {
  EXPECT_EQ(hook(13, multi_phase("{3, (void *)0}, ")).declares.multiple_interpreters,
            MultipleInterpreters::not_supported);
  EXPECT_EQ(hook(13, multi_phase("{3, (void *)1}, ")).declares.multiple_interpreters, MultipleInterpreters::supported);
  EXPECT_EQ(hook(13, multi_phase("{3, (void *)7}, ")).declares.multiple_interpreters, MultipleInterpreters::supported);
  EXPECT_EQ(hook(13, multi_phase("{4, (void *)1}, ")).declares.gil, model::GilUse::not_used);
}

TEST(Slots, WhatTheRuntimeRejects) {
  EXPECT_EQ(hook(13, multi_phase("{3, (void *)2}, {3, (void *)2}, ")).declares.invalid,
            "more than one Py_mod_multiple_interpreters slot");
  EXPECT_EQ(hook(12, multi_phase("{4, (void *)1}, ")).declares.invalid, "unknown slot 4 for Python 3.12");
  EXPECT_EQ(hook(13, multi_phase("{-1, 0}, ")).declares.invalid, "unknown slot -1 for Python 3.13");
  EXPECT_EQ(hook(13,
                 "static PyModuleDef def = {.m_size = -1};\n"
                 "PyObject *PyInit_d(void) { return PyModuleDef_Init(&def); }\n")
                .declares.invalid,
            "m_size may not be negative for multi-phase initialization");
  EXPECT_EQ(hook(13, multi_phase("{2, 0}, {2, 0}, ")).declares.invalid, "");
}

TEST(Slots, ExportSlotsAndTheirNesting) {
  const auto entry = hook(15, R"(
static void ex(void) {}
static PySlot inner[] = {{.sl_id = 86, .sl_flags = 4, .sl_ptr = (void *)2}, {0}};
static PyModuleDef_Slot old[] = {{4, (void *)1}, {0, 0}};
static PySlot slots[] = {
  {.sl_id = 85, .sl_func = ex}, {.sl_id = 102, .sl_size = 24}, {.sl_id = 92, .sl_ptr = inner},
  {.sl_id = 94, .sl_ptr = old}, {.sl_id = 4000, .sl_flags = 1, .sl_ptr = 0}, {0}};
PySlot *PyModExport_d(void) { return slots; }
)");
  EXPECT_EQ(entry.init, Init::export_slots);
  EXPECT_EQ(entry.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil);
  EXPECT_EQ(entry.declares.gil, model::GilUse::not_used);
  EXPECT_EQ(entry.declares.state_size, 24);
  EXPECT_EQ(entry.declares.exec_slots, 1u);
  EXPECT_EQ(entry.declares.invalid, "");
}

TEST(Slots, ExportSlotsWithTheValueInAnotherUnionMember) {
  const auto entry = hook(15,
                          "static PySlot slots[] = {{.sl_id = 86, .sl_uint64 = 1}, {0}};\n"
                          "PySlot *PyModExport_d(void) { return &slots[0]; }\n");
  EXPECT_EQ(entry.declares.multiple_interpreters, MultipleInterpreters::supported);
}

}  // namespace
}  // namespace isoaudit::tests
