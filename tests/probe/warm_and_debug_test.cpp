// Levels beside the ordinary ones: main has the module already; Python's checking allocator.
#include <gmock/gmock.h>

#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using model::Level;
using model::Outcome;

TEST(Warm, MainHadItFirst) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("main_has_it", python);
    EXPECT_EQ(phase(run, Level::isolated).outcome, Outcome::ok) << told(phase(run, Level::isolated));
    EXPECT_EQ(phase(run, Level::concurrent).outcome, Outcome::ok) << told(phase(run, Level::concurrent));
    EXPECT_EQ(phase(run, Level::warm).outcome, Outcome::error) << told(phase(run, Level::warm));
    EXPECT_THAT(phase(run, Level::warm).detail, testing::HasSubstr("main has it"));
  }
}

TEST(Warm, WhatMainKeepsForItselfIsNotShared) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("main_only_dict", python);
    EXPECT_EQ(phase(run, Level::warm).outcome, Outcome::ok) << told(phase(run, Level::warm));
    EXPECT_THAT(phase(run, Level::warm).shared, testing::IsEmpty());
  }
}

// A count of users does not come back to what it was while main is one of them.
TEST(Warm, MainStaysAUser) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("user_count", python);
    EXPECT_EQ(phase(run, Level::warm).outcome, Outcome::ok) << told(phase(run, Level::warm));
    EXPECT_THAT(phase(run, Level::warm).changed, testing::IsEmpty());
  }
}

TEST(DebugMemory, TellsOfForeignBlocksInPythonsOwnWords) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const std::pair<const char*, const char*> cases[] = {{"foreign_free", ": The 7 pad bytes at p-7 are not all"},
                                                         {"wrong_family", ": _PyMem_Debug"}};
    for (const auto& [module, words] : cases) {
      const model::RunFacts run = run_module(module, python);
      const model::Phase& debug = phase(run, Level::debug_memory);
      EXPECT_EQ(debug.outcome, Outcome::crashed) << told(debug);
      EXPECT_THAT(debug.detail, testing::HasSubstr(words)) << told(debug);
    }
  }
}

TEST(DebugMemory, IsSilentAboutWhatIsRight) {
  for (const model::Interpreter& python : interpreters_with_debug()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("clean", python);
    EXPECT_EQ(phase(run, Level::warm).outcome, Outcome::ok) << told(phase(run, Level::warm));
    EXPECT_EQ(phase(run, Level::debug_memory).outcome, Outcome::ok) << told(phase(run, Level::debug_memory));
  }
}

// What main alone does wrong there is no news about interpreters.
TEST(DebugBuild, IsAColumnOfItsOwn) {
  loader_probe::ProbeOptions options = probe_options();
  options.debug_build = true;
  unsigned columns = 0;
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts clean = run_module("clean", python, options);
    const model::Phase* column = model::find_phase(clean, Level::debug_build);
    if (column == nullptr) continue;
    ++columns;
    EXPECT_EQ(column->outcome, Outcome::ok) << told(*column);
    const model::RunFacts wrong = run_module("foreign_free", python, options);
    EXPECT_EQ(phase(wrong, Level::debug_build).outcome, Outcome::crashed) << told(phase(wrong, Level::debug_build));
    const model::RunFacts family = run_module("wrong_family", python, options);
    EXPECT_EQ(phase(family, Level::debug_build).outcome, Outcome::skipped);
    EXPECT_THAT(phase(family, Level::debug_build).detail, testing::StartsWith("its main interpreter alone: SIGABRT"));
  }
  EXPECT_GE(columns, 1u);
}

}  // namespace
}  // namespace isoaudit::tests
