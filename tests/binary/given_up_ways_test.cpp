// Hooks of which only some ways could be followed.
#include <gtest/gtest.h>

#include "analyzer/binary/collect_binary.h"
#include "tests/binary/build_module.h"

namespace isoaudit::analyzer {
namespace {

using model::MultipleInterpreters;

model::EntryPoint entry_of(const tests::ModuleFolder& folder, const std::string& symbol, const std::string& source) {
  const BinaryResult result = collect_binary({folder.build(tests::tagged("_m"), source), "", ""});
  if (result.facts) {
    for (const model::BinaryEntryPoint& row : result.facts->entry_points) {
      if (row.entry.symbol == symbol) return row.entry;
    }
  }
  ADD_FAILURE() << symbol << " is not exported";
  return {};
}

TEST(GivenUpWays, WhatTheOthersStoreStands) {
  const tests::ModuleFolder folder;
  const auto entry = entry_of(folder, "PyInit__m",
                              "static PyModuleDef_Slot slots[3];\n"
                              "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, slots};\n"
                              "PyMODINIT_FUNC PyInit__m(void) {\n"
                              "  if (getenv(\"A\")) for (volatile int i = 0; i < 100000; ++i) {}\n"
                              "  slots[0].slot = 3; slots[0].value = (void *)0;\n"
                              "  return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(entry.init, model::Init::multi_phase);
  EXPECT_EQ(entry.declares.multiple_interpreters, MultipleInterpreters::not_supported);
  EXPECT_EQ(entry.declares.undetermined_reason, "");
}

TEST(GivenUpWays, ASlotTableThatNoneFilledIsNotEmpty) {
  const tests::ModuleFolder folder;
  const auto entry = entry_of(folder, "PyInit__m",
                              "static PyModuleDef_Slot slots[3];\n"
                              "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, slots};\n"
                              "PyMODINIT_FUNC PyInit__m(void) {\n"
                              "  if (getenv(\"A\")) {\n"
                              "    for (volatile int i = 0; i < 100000; ++i) {}\n"
                              "    slots[0].slot = 3; slots[0].value = (void *)2;\n"
                              "  }\n"
                              "  return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(entry.declares.multiple_interpreters, MultipleInterpreters::undetermined);
}

/// A function that calls so much that it is not followed; writes `statement`.
std::string unfollowed(const std::string& name, const std::string& statement) {
  return "__attribute__((noinline)) static void " + name +
         "(void) {\n"
         "  for (volatile int i = 0; i < 3; ++i) { PyErr_Clear(); PyErr_Print(); PyGC_Collect(); }\n" +
         statement + "}\n";
}

constexpr const char* empty_table =
    "static PyModuleDef_Slot slots[3];\n"
    "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, slots};\n";

void expect_open(const model::EntryPoint& entry) {
  EXPECT_EQ(entry.init, model::Init::multi_phase);
  EXPECT_EQ(entry.declares.multiple_interpreters, MultipleInterpreters::undetermined);
  EXPECT_EQ(entry.declares.invalid, "");
  EXPECT_NE(entry.declares.undetermined_reason.find("is not followed"), std::string::npos)
      << entry.declares.undetermined_reason;
}

TEST(UnfollowedFunctions, MayFillASlotTableOfZeros) {
  const tests::ModuleFolder folder;
  const std::string fill = unfollowed("fill", "slots[0].slot = 3; slots[0].value = (void *)2;\n");
  expect_open(
      entry_of(folder, "PyInit__m",
               empty_table + fill + "PyMODINIT_FUNC PyInit__m(void) { fill(); return PyModuleDef_Init(&def); }\n"));
  // Called by somebody else: through a pointer that cannot be known, by a C library that was given it.
  expect_open(entry_of(folder, "PyInit__m",
                       empty_table + fill +
                           "static void (*volatile pointer)(void) = fill;\n"
                           "PyMODINIT_FUNC PyInit__m(void) { pointer(); return PyModuleDef_Init(&def); }\n"));
  expect_open(entry_of(folder, "PyInit__m",
                       "#include <pthread.h>\n" + (empty_table + fill) +
                           "static pthread_once_t once = PTHREAD_ONCE_INIT;\n"
                           "PyMODINIT_FUNC PyInit__m(void) {\n"
                           "  pthread_once(&once, fill); return PyModuleDef_Init(&def); }\n"));
}

TEST(UnfollowedFunctions, MayFillTheRestOfASlotTable) {
  const tests::ModuleFolder folder;
  expect_open(entry_of(folder, "PyInit__m",
                       empty_table + unfollowed("fill", "slots[1].slot = 3; slots[1].value = (void *)2;\n") +
                           "static int run(PyObject *m) { return 0; }\n"
                           "PyMODINIT_FUNC PyInit__m(void) {\n"
                           "  slots[0].slot = 2; slots[0].value = run; fill(); return PyModuleDef_Init(&def); }\n"));
}

TEST(UnfollowedFunctions, MaySetTheSlotsOfADefinition) {
  const tests::ModuleFolder folder;
  expect_open(entry_of(folder, "PyInit__m",
                       "static PyModuleDef_Slot slots[] = {{3, (void *)2}, {0, 0}};\n"
                       "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\"};\n" +
                           unfollowed("fill", "def.m_slots = slots;\n") +
                           "PyMODINIT_FUNC PyInit__m(void) { fill(); return PyModuleDef_Init(&def); }\n"));
}

TEST(UnfollowedFunctions, RunWhenTheFileIsLoaded) {
  const tests::ModuleFolder folder;
  expect_open(entry_of(folder, "PyInit__m",
                       empty_table + unfollowed("rest", "") +
                           "__attribute__((constructor)) static void fill(void) {\n"
                           "  rest(); slots[0].slot = 3; slots[0].value = (void *)2; }\n"
                           "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n"));
}

TEST(UnfollowedFunctions, ChangeNothingWhereTheHookStoresItsSlots) {
  const tests::ModuleFolder folder;
  const auto stored = entry_of(folder, "PyInit__m",
                               empty_table + unfollowed("other", "") +
                                   "PyMODINIT_FUNC PyInit__m(void) {\n"
                                   "  other(); slots[0].slot = 3; slots[0].value = (void *)0; slots[1].slot = 0;\n"
                                   "  return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(stored.declares.multiple_interpreters, MultipleInterpreters::not_supported);
  const auto in_the_file = entry_of(folder, "PyInit__m",
                                    "static PyModuleDef_Slot slots[] = {{3, (void *)2}, {0, 0}};\n"
                                    "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, slots};\n" +
                                        unfollowed("other", "") +
                                        "PyMODINIT_FUNC PyInit__m(void) { other(); return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(in_the_file.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil);
  const auto calls_nothing =
      entry_of(folder, "PyInit__m",
               std::string(empty_table) + "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(calls_nothing.declares.multiple_interpreters, MultipleInterpreters::absent);
}

// The interpreter exports the hooks of its built-in modules, and the dynamic linker asks it first.
TEST(SiblingHooks, ACallOfABuiltInModulesHookMayEndInTheInterpreter) {
  const tests::ModuleFolder folder;
  const char* source =
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_signal\", 0, -1};\n"
      "PyMODINIT_FUNC PyInit__signal(void) { return PyModule_Create(&def); }\n"
      "PyMODINIT_FUNC PyInit_mine(void) { return PyModule_Create(&def); }\n"
      "PyMODINIT_FUNC PyInit__m(void) { return PyInit__signal(); }\n"
      "PyMODINIT_FUNC PyInit_n(void) { return PyInit_mine(); }\n";
  const auto caller = entry_of(folder, "PyInit__m", source);
  EXPECT_EQ(caller.init, model::Init::undetermined);
  EXPECT_NE(caller.declares.undetermined_reason.find("PyInit__signal"), std::string::npos);
  EXPECT_EQ(entry_of(folder, "PyInit__signal", source).init, model::Init::single_phase);
  EXPECT_EQ(entry_of(folder, "PyInit_n", source).init, model::Init::single_phase);
}

}  // namespace
}  // namespace isoaudit::analyzer
