// CPython's own test modules, which come with the interpreter whose headers are used: rules.md 7.1's table, every hook.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "analyzer/binary/collect_binary.h"
#include "tests/binary/build_module.h"

namespace isoaudit::analyzer {
namespace {

namespace fs = std::filesystem;
using model::Init;
using model::MultipleInterpreters;

/// What an import under an own GIL and under a strict shared GIL does with the declaration.
enum class Import { own_gil, shared_gil_only, refused, error };

Import expected_import(const model::EntryPoint& entry) {
  if (!entry.declares.invalid.empty()) return Import::error;
  if (entry.init == Init::single_phase) return Import::refused;
  switch (entry.declares.multiple_interpreters) {
    case MultipleInterpreters::not_supported: return Import::refused;
    case MultipleInterpreters::absent:
    case MultipleInterpreters::supported: return Import::shared_gil_only;
    case MultipleInterpreters::per_interpreter_gil: return Import::own_gil;
    case MultipleInterpreters::undetermined: break;
  }
  ADD_FAILURE() << entry.symbol << " is undetermined: " << entry.declares.undetermined_reason;
  return Import::error;
}

std::string dynload() {
  return (fs::path(ISOAUDIT_PYTHON_INCLUDE) / "../../lib" / ("python" + tests::header_version()) / "lib-dynload")
      .string();
}

std::map<std::string, Import> imports_of(const std::string& module) {
  std::map<std::string, Import> found;
  const BinaryResult result = collect_binary({dynload() + "/" + tests::tagged(module), "", ""});
  for (const model::Gap& gap : result.gaps) ADD_FAILURE() << gap.input << ": " << gap.reason;
  if (!result.facts) return found;
  for (const model::BinaryEntryPoint& row : result.facts->entry_points)
    found[row.entry.symbol] = expected_import(row.entry);
  return found;
}

TEST(CpythonModules, EveryHookOfTestmultiphaseIsReadAsItImports) {
  std::map<std::string, Import> found = imports_of("_testmultiphase");
  const std::string prefix = "PyInit__testmultiphase";
  std::map<std::string, Import> expected{
      {prefix, Import::own_gil},
      {"PyInit_x", Import::own_gil},
      {prefix + "_meth_state_access", Import::own_gil},
      {"PyInit__test_non_isolated", Import::refused},
      {"PyInit__test_shared_gil_only", Import::shared_gil_only},
      {"PyInit__test_module_state_shared", Import::refused},
      {prefix + "_null_slots", Import::shared_gil_only},
      {prefix + "_nonmodule", Import::shared_gil_only},
      {prefix + "_nonmodule_with_methods", Import::shared_gil_only},
      {prefix + "_export_null", Import::error},
      {prefix + "_export_raise", Import::error},
      {prefix + "_export_uninitialized", Import::error},
      {prefix + "_create_int_with_state", Import::shared_gil_only},
      {prefix + "_create_null", Import::shared_gil_only},
      {prefix + "_create_raise", Import::shared_gil_only},
      {prefix + "_create_unreported_exception", Import::shared_gil_only},
      {prefix + "_exec_err", Import::own_gil},
      {prefix + "_exec_raise", Import::own_gil},
      {prefix + "_exec_unreported_exception", Import::own_gil},
      {prefix + "_nonmodule_with_exec_slots", Import::own_gil},
      // Raises after a good definition was passed on: the bytes declare support.
      {prefix + "_export_unreported_exception", Import::own_gil},
      {prefix + "_bad_slot_large", Import::error},
      {prefix + "_bad_slot_negative", Import::error},
      {prefix + "_multiple_create_slots", Import::error},
      {prefix + "_multiple_multiple_interpreters_slots", Import::error},
      {prefix + "_negative_size", Import::error},
  };
  if (tests::header_version() >= "3.13") {
    expected["PyInit__test_no_multiple_interpreter_slot"] = Import::shared_gil_only;
  }
  for (const auto& [symbol, import] : expected) {
    ASSERT_TRUE(found.contains(symbol)) << symbol;
    EXPECT_EQ(found[symbol], import) << symbol;
  }
}

TEST(CpythonModules, EveryHookOfTestsinglephaseIsRefusedOrRaises) {
  const std::map<std::string, Import> found = imports_of("_testsinglephase");
  ASSERT_GE(found.size(), 5u);
  for (const auto& [symbol, import] : found) {
    EXPECT_EQ(import, symbol.ends_with("_raise_exception") ? Import::error : Import::refused) << symbol;
  }
}

TEST(CpythonModules, EveryStandardModuleIsDetermined) {
  unsigned modules = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(dynload())) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(tests::tagged(""))) continue;
    const BinaryResult result = collect_binary({entry.path().string(), "", ""});
    ASSERT_TRUE(result.facts.has_value()) << name;
    for (const model::BinaryEntryPoint& row : result.facts->entry_points) {
      EXPECT_EQ(row.entry.declares.undetermined_reason, "") << name << " " << row.entry.symbol;
    }
    ++modules;
  }
  EXPECT_GE(modules, 20u) << dynload();
}

}  // namespace
}  // namespace isoaudit::analyzer
