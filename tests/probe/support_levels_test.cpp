// What the import system decides, level by level (rules.md 2.2), and what then does not run.
#include <gmock/gmock.h>

#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using model::Level;
using model::Outcome;

struct Expected {
  const char* module;
  Outcome legacy;
  Outcome strict_shared;
  Outcome isolated;
};

class SupportLevels : public testing::TestWithParam<Expected> {};

TEST_P(SupportLevels, AsTheImportSystemDecides) {
  const Expected& expected = GetParam();
  for (const model::Interpreter& python : interpreters_with_debug()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module(expected.module, python);
    EXPECT_EQ(phase(run, Level::main).outcome, Outcome::ok) << told(phase(run, Level::main));
    // Who is let in where the most is asked need not be asked elsewhere.
    const bool loads = expected.isolated == Outcome::ok;
    EXPECT_EQ(phase(run, Level::legacy).outcome, loads ? Outcome::skipped : expected.legacy)
        << told(phase(run, Level::legacy));
    EXPECT_EQ(phase(run, Level::strict_shared).outcome, loads ? Outcome::skipped : expected.strict_shared)
        << told(phase(run, Level::strict_shared));
    EXPECT_EQ(phase(run, Level::isolated).outcome, expected.isolated) << told(phase(run, Level::isolated));
    EXPECT_THAT(run.refused_dependencies, testing::IsEmpty());
    EXPECT_EQ(phase(run, Level::sequential).outcome, loads ? Outcome::ok : Outcome::skipped);
    EXPECT_EQ(phase(run, Level::concurrent).outcome, loads ? Outcome::ok : Outcome::skipped)
        << told(phase(run, Level::concurrent));
    EXPECT_EQ(phase(run, Level::forced).outcome == Outcome::skipped, loads);
  }
}

INSTANTIATE_TEST_SUITE_P(Probe, SupportLevels,
                         testing::Values(Expected{"single_phase", Outcome::ok, Outcome::refused, Outcome::refused},
                                         Expected{"slot_0", Outcome::ok, Outcome::refused, Outcome::refused},
                                         Expected{"no_slot", Outcome::ok, Outcome::ok, Outcome::refused},
                                         Expected{"slot_1", Outcome::ok, Outcome::ok, Outcome::refused},
                                         Expected{"clean", Outcome::ok, Outcome::ok, Outcome::ok}),
                         [](const auto& row) { return std::string(row.param.module); });

TEST(Probe, CountsWhatRan) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("clean", python);
    const model::Phase& concurrent = phase(run, Level::concurrent);
    EXPECT_EQ(concurrent.interpreters, 3u);
    EXPECT_EQ(concurrent.rounds, 2u);
    EXPECT_EQ(concurrent.imports, 6u);
  }
}

// A refusal on the way is the dependency's, however the module words it.
TEST(Probe, NamesTheDependencyThatIsRefused) {
  for (const model::Interpreter& python : interpreters()) {
    for (const char* module : {"imports_refused", "wraps_refusal"}) {
      SCOPED_TRACE(python.id + " " + module);
      const model::RunFacts run = run_module(module, python);
      EXPECT_EQ(phase(run, Level::main).outcome, Outcome::ok);
      EXPECT_EQ(phase(run, Level::isolated).outcome, Outcome::error);
      EXPECT_EQ(phase(run, Level::isolated).other_module, "single_phase");
      EXPECT_EQ(phase(run, Level::strict_shared).other_module, "single_phase");
      EXPECT_THAT(run.refused_dependencies, testing::ElementsAre("single_phase"));
      // With the check overridden it can still be looked at for itself: nothing is in its own memory. (What happens to
      // the process is up to the dependency, which shares an exception.)
      EXPECT_GE(phase(run, Level::forced).imports, 2u) << told(phase(run, Level::forced));
      EXPECT_THAT(phase(run, Level::forced).shared, testing::IsEmpty());
    }
  }
}

// A module that gets along without the refused one is not blocked by it.
TEST(Probe, AFallbackIsNoBlock) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("falls_back", python);
    EXPECT_EQ(phase(run, Level::isolated).outcome, Outcome::ok) << told(phase(run, Level::isolated));
    EXPECT_THAT(run.refused_dependencies, testing::IsEmpty());
  }
}

// The import system's own guard is not the module's: this one refuses by itself, the second time.
TEST(Probe, ALoadOnceGuardShowsInTheSecondInterpreter) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("load_once", python);
    for (const Level level : {Level::isolated, Level::sequential, Level::concurrent}) {
      EXPECT_EQ(phase(run, level).outcome, Outcome::error);
      EXPECT_THAT(phase(run, level).detail, testing::HasSubstr("cannot load module more than once per process"));
    }
    // Interpreters that meet in its exec function slip through its unlocked test: no count for that level.
    for (const Level level : {Level::isolated, Level::sequential}) {
      EXPECT_EQ(phase(run, level).imports, 1u);
    }
  }
}

TEST(Probe, AnotherFileOfThatNameIsNotTheAuditedOne) {
  const model::Interpreter python = interpreters().front();
  loader_probe::ProbeInput input = build_module("clean", python);
  input.path = build_module("slot_1", python).path;
  input.module = "clean";
  const model::RunFacts run = loader_probe::probe(input, python, probe_options()).run;
  // The hook's name does not fit the file's: it is loaded by path, and has no such hook.
  EXPECT_EQ(phase(run, Level::main).outcome, Outcome::error);
  EXPECT_THAT(phase(run, Level::main).detail, testing::HasSubstr("PyInit_clean"));
}

TEST(Probe, ANameThatLeadsElsewhereIsSaid) {
  const model::Interpreter python = interpreters().front();
  loader_probe::ProbeInput input = build_module("clean", python);
  input.module = "json.clean";
  input.path = "/nonexistent/json/clean.so";
  const model::RunFacts run = loader_probe::probe(input, python, probe_options()).run;
  EXPECT_EQ(phase(run, Level::main).outcome, Outcome::error);
  EXPECT_EQ(phase(run, Level::isolated).outcome, Outcome::skipped);
}

TEST(Probe, FreeThreadedBuildsAreDeclinedWithAReason) {
  model::Interpreter python = interpreters().front();
  python.free_threaded = true;
  const auto result = loader_probe::probe(build_module("clean", python), python, probe_options());
  EXPECT_EQ(phase(result.run, Level::main).outcome, Outcome::not_possible);
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_THAT(result.gaps[0].reason, testing::HasSubstr("free-threaded"));
}

// One level is enough for who passes it; nothing is said of sharing, and who fails gets the levels that tell why.
TEST(SupportLevels, WithoutEvidenceOneLevelRuns) {
  loader_probe::ProbeOptions options = probe_options();
  options.evidence = false;
  const model::Interpreter python = interpreters().back();
  const model::RunFacts shares = run_module("global_dict", python, options);
  EXPECT_EQ(phase(shares, Level::concurrent).outcome, Outcome::ok) << told(phase(shares, Level::concurrent));
  EXPECT_THAT(phase(shares, Level::concurrent).shared, testing::IsEmpty());
  for (const Level level : {Level::main, Level::isolated, Level::sequential, Level::warm, Level::forced}) {
    EXPECT_EQ(phase(shares, level).outcome, Outcome::skipped) << to_string(level);
  }
  // What main raises as well is no failure, and no reason to look.
  const model::RunFacts raises = run_module("global_heap_type", python, options);
  EXPECT_EQ(phase(raises, Level::concurrent).outcome, Outcome::ok) << told(phase(raises, Level::concurrent));
  EXPECT_EQ(phase(raises, Level::isolated).outcome, Outcome::skipped);
  const model::RunFacts undeclared = run_module("no_slot", python, options);
  EXPECT_EQ(phase(undeclared, Level::main).outcome, Outcome::ok);
  EXPECT_EQ(phase(undeclared, Level::isolated).outcome, Outcome::refused);
}

}  // namespace
}  // namespace isoaudit::tests
