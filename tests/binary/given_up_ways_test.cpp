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
