// Importing is not using: what the user's own file calls is seen like everything else.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using model::Level;
using model::Outcome;

model::RunFacts run_with(const std::string& module, const model::Interpreter& python, const std::string& exercise) {
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / (module + "_" + python.full_version + "_exercise.py");
  std::ofstream(file) << exercise;
  loader_probe::ProbeInput input = build_module(module, python);
  input.exercise = file.string();
  return loader_probe::probe(input, python, probe_options()).run;
}

TEST(Exercise, WhatACallLeavesInAGlobalIsSeen) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    EXPECT_THAT(phase(run_module("writes_when_used", python), Level::isolated).shared, testing::IsEmpty());
    for (const char* text : {"def exercise(module):\n    module.keep([1])\n", "module.keep([1])\n"}) {
      const model::RunFacts run = run_with("writes_when_used", python, text);
      const model::Phase& isolated = phase(run, Level::isolated);
      ASSERT_EQ(isolated.shared.size(), 1u) << told(isolated);
      EXPECT_EQ(isolated.shared[0].symbol, "last");
      EXPECT_EQ(isolated.shared[0].type_name, "list");
    }
  }
}

TEST(Exercise, AnErrorThatMainHasTooIsNoFault) {
  const model::Interpreter python = interpreters().back();
  const model::RunFacts same = run_with("clean", python, "raise ValueError(object())\n");
  EXPECT_EQ(phase(same, Level::isolated).outcome, Outcome::ok) << told(phase(same, Level::isolated));
  const model::RunFacts other = run_with("clean", python,
                                         "import _imp\n"
                                         "if _imp.create_dynamic.__name__ != 'create_dynamic':\n"
                                         "    raise ValueError('only here')\n");
  EXPECT_EQ(phase(other, Level::main).outcome, Outcome::ok);
  EXPECT_EQ(phase(other, Level::isolated).outcome, Outcome::error);
  EXPECT_THAT(phase(other, Level::isolated).detail, testing::HasSubstr("exercise file: ValueError: only here"));
}

TEST(Exercise, UsesAreCounted) {
  const model::RunFacts run = run_module("clean", interpreters().back());
  EXPECT_GT(phase(run, Level::main).uses, 0u);
  EXPECT_GE(phase(run, Level::concurrent).uses, 6 * phase(run, Level::main).uses);
}

TEST(Exercise, InstancesAreMade) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("first_instance", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    ASSERT_EQ(isolated.shared.size(), 1u) << told(isolated);
    EXPECT_EQ(isolated.shared[0].symbol, "first");
    EXPECT_EQ(isolated.shared[0].type_name, "first_instance.Thing");
    EXPECT_THAT(isolated.shared[0].owners, testing::ElementsAre(1));
  }
}

// What ends main as well is left out then, and that is told.
TEST(Exercise, WhatMainDoesNotSurviveIsLeftOut) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const auto result = loader_probe::probe(build_module("cannot_be_made", python), python, probe_options());
    for (const Level level : {Level::main, Level::isolated, Level::sequential, Level::concurrent}) {
      EXPECT_EQ(phase(result.run, level).outcome, Outcome::ok) << told(phase(result.run, level));
    }
    EXPECT_THAT(result.notes, testing::Contains(testing::HasSubstr("no instances are made")));
  }
}

TEST(Exercise, AThreadThatGetsMainIsSeen) {
  for (const model::Interpreter& python : interpreters_with_debug()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts right = run_with("foreign_callback", python, "module.here(dict)\n");
    EXPECT_EQ(phase(right, Level::isolated).outcome, Outcome::ok) << told(phase(right, Level::isolated));
    EXPECT_THAT(phase(right, Level::isolated).foreign_threads, testing::IsEmpty());

    const model::RunFacts wrong = run_with("foreign_callback", python, "module.elsewhere(dict)\n");
    const auto& threads = phase(wrong, Level::isolated).foreign_threads;
    ASSERT_EQ(threads.size(), 1u) << told(phase(wrong, Level::isolated));
    EXPECT_EQ(threads[0].asked, "PyGILState_Ensure");
    EXPECT_EQ(threads[0].by.function, "run");
    EXPECT_EQ(threads[0].by.file, "foreign_callback.c");
    EXPECT_EQ(threads[0].step, "exercise");
  }
}

// The loser's error is only there because all come to exec at the same moment.
TEST(Exercise, InterpretersMeetInExec) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("races_in_exec", python);
    EXPECT_EQ(phase(run, Level::sequential).outcome, Outcome::ok) << told(phase(run, Level::sequential));
    EXPECT_EQ(phase(run, Level::concurrent).outcome, Outcome::error);
    EXPECT_THAT(phase(run, Level::concurrent).detail, testing::HasSubstr("somebody else is in exec"));
  }
}

}  // namespace
}  // namespace isoaudit::tests
