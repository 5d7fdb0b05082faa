// CPython's own test modules against CPython's own test suite (Lib/test/test_import, SubinterpImportTests) and the
// table of ground truth: what loads where.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using model::Level;
using model::Outcome;

// Where the interpreter keeps its own compiled modules, or an empty path.
std::filesystem::path lib_dynload(const model::Interpreter& python) {
  const std::filesystem::path prefix = std::filesystem::path(python.executable).parent_path().parent_path();
  return prefix / "lib" / ("python" + python.version.str()) / "lib-dynload";
}

bool exports(const std::filesystem::path& path, const std::string& symbol) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return bytes.find('\0' + symbol + '\0') != std::string::npos;
}

struct Row {
  const char* file;
  const char* hook;
  Outcome main;
  Outcome legacy;
  Outcome strict_shared;
  Outcome isolated;
};

constexpr auto ok = Outcome::ok;
constexpr auto refused = Outcome::refused;
constexpr auto error = Outcome::error;
constexpr auto skipped = Outcome::skipped;

// Hooks under their file's name and hooks that need a loader of their own.
const Row kRows[] = {
    {"_testmultiphase", "_testmultiphase", ok, ok, ok, ok},
    {"_testmultiphase", "x", ok, ok, ok, ok},
    {"_testmultiphase", "_testmultiphase_meth_state_access", ok, ok, ok, ok},
    {"_testmultiphase", "_test_non_isolated", ok, ok, refused, refused},
    {"_testmultiphase", "_test_shared_gil_only", ok, ok, ok, refused},
    {"_testmultiphase", "_test_no_multiple_interpreter_slot", ok, ok, ok, refused},
    {"_testmultiphase", "_testmultiphase_null_slots", ok, ok, ok, refused},
    {"_testmultiphase", "_testmultiphase_nonmodule", ok, ok, ok, refused},
    {"_testmultiphase", "_test_module_state_shared", ok, ok, refused, refused},
    {"_testmultiphase", "_testmultiphase_export_raise", error, skipped, skipped, skipped},
    {"_testmultiphase", "_testmultiphase_exec_raise", error, skipped, skipped, skipped},
    {"_testmultiphase", "_testmultiphase_negative_size", error, skipped, skipped, skipped},
    {"_testsinglephase", "_testsinglephase", ok, ok, refused, refused},
    {"_testsinglephase", "_testsinglephase_basic_wrapper", ok, ok, refused, refused},
    {"_testsinglephase", "_testsinglephase_with_reinit", ok, ok, refused, refused},
    {"_testsinglephase", "_testsinglephase_with_state", ok, ok, refused, refused},
    {"xxlimited", "xxlimited", ok, ok, ok, ok},
};

class CPythonModules : public testing::TestWithParam<Row> {};

TEST_P(CPythonModules, LoadWhereCPythonSays) {
  const Row& row = GetParam();
  unsigned run_under = 0;
  for (const model::Interpreter& python : interpreters()) {
    const std::filesystem::path path = lib_dynload(python) / (row.file + python.ext_suffix);
    // Not every version has every hook: 3.13.0 lacks _test_no_multiple_interpreter_slot.
    if (!exports(path, std::string("PyInit_") + row.hook)) continue;
    SCOPED_TRACE(python.id + " " + python.full_version);
    ++run_under;
    const model::RunFacts run =
        loader_probe::probe({row.hook, path.string(), path.parent_path().string(), false}, python, probe_options()).run;
    const std::map<Level, Outcome> expected = {{Level::main, row.main},
                                               {Level::legacy, row.legacy},
                                               {Level::strict_shared, row.strict_shared},
                                               {Level::isolated, row.isolated}};
    for (const auto& [level, outcome] : expected) {
      const bool asked = row.isolated != Outcome::ok || (level != Level::legacy && level != Level::strict_shared);
      EXPECT_EQ(phase(run, level).outcome, asked ? outcome : Outcome::skipped) << told(phase(run, level));
    }
  }
  EXPECT_GT(run_under, 0u) << "no interpreter here has CPython's test modules: run ci/setup";
}

INSTANTIATE_TEST_SUITE_P(Probe, CPythonModules, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.file) + "_as_" + row.param.hook; });

}  // namespace
}  // namespace isoaudit::tests
