// Modules that end, hang, lie or leave something behind: each becomes an outcome, and the call always returns.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using model::Level;
using model::Outcome;

struct Behaviour {
  const char* module;
  Outcome outcome;
  const char* detail;
};

class Misbehaves : public testing::TestWithParam<Behaviour> {};

TEST_P(Misbehaves, BecomesAnOutcome) {
  loader_probe::ProbeOptions options = probe_options();
  if (GetParam().outcome == Outcome::timed_out) options.timeout = 1;
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module(GetParam().module, python, options);
    const model::Phase& main = phase(run, Level::main);
    EXPECT_EQ(main.outcome, GetParam().outcome) << told(main);
    EXPECT_THAT(main.detail, testing::HasSubstr(GetParam().detail));
    EXPECT_EQ(run.phases.size(), 8u);
    for (const Level level : {Level::isolated, Level::concurrent, Level::forced}) {
      EXPECT_EQ(phase(run, level).outcome, Outcome::skipped);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Probe, Misbehaves,
    testing::Values(Behaviour{"aborts", Outcome::crashed, "SIGABRT during import in the main interpreter"},
                    Behaviour{"crashes_in_exec", Outcome::crashed,
                              "SIGSEGV during import in the main interpreter, in `read_nothing`"},
                    Behaviour{"hangs_without_gil", Outcome::timed_out, "still running after 1 s, during import in the"},
                    Behaviour{"hangs", Outcome::timed_out, "still running after 1 s, during import in the main"},
                    Behaviour{"leaves", Outcome::exited, "ended with status 0 during import in the main interpreter"},
                    Behaviour{"exits", Outcome::exited, "ended with status 0 during import in the main interpreter"},
                    Behaviour{"closes_descriptors", Outcome::exited, "closed or replaced the probe's own descriptor"},
                    Behaviour{"raises_system_exit", Outcome::error, "SystemExit: good bye"},
                    Behaviour{"raises_keyboard_interrupt", Outcome::error, "KeyboardInterrupt"},
                    Behaviour{"eats_memory", Outcome::error, "MemoryError"}),
    [](const auto& row) { return std::string(row.param.module); });

TEST(Misbehaviour, ACrashAtExitIsSeenAfterAGoodImport) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("crashes_at_exit", python);
    const model::Phase& main = phase(run, Level::main);
    EXPECT_EQ(main.outcome, Outcome::crashed);
    EXPECT_THAT(main.detail, testing::HasSubstr("SIGSEGV at the interpreter's exit"));
    EXPECT_EQ(main.imports, 1u);
    EXPECT_EQ(phase(run, Level::isolated).outcome, Outcome::crashed);
  }
}

// A module that is fine until interpreters come in: it is the level that says so, and never an outcome that looks
// clean.
TEST(Misbehaviour, ACrashInUseNamesTheFunction) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "isoaudit_crash_in_use.py";
  std::ofstream(file) << "def exercise(module):\n    module.use()\n";
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    loader_probe::ProbeInput input = build_module("crashes_in_call", python);
    input.exercise = file.string();
    const model::RunFacts run = loader_probe::probe(input, python, probe_options()).run;
    EXPECT_EQ(phase(run, Level::main).outcome, Outcome::ok) << told(phase(run, Level::main));
    const model::Phase& isolated = phase(run, Level::isolated);
    EXPECT_EQ(isolated.outcome, Outcome::crashed);
    EXPECT_EQ(isolated.detail, "SIGSEGV during exercise in interpreter 1, in `use`");
    ASSERT_GE(isolated.stack.size(), 3u);
    EXPECT_EQ(isolated.stack[0], "at address 0x0, behind a NULL pointer");
    EXPECT_THAT(isolated.stack[1], testing::MatchesRegex("`use` \\(crashes_in_call.c:[0-9]+\\)"));
    EXPECT_THAT(isolated.stack, testing::Contains(testing::StartsWith("`Py_RunMain` (")));
    // faulthandler's words: the Python line that called it.
    EXPECT_THAT(isolated.output, testing::HasSubstr("isoaudit_crash_in_use.py\", line 2 in exercise"));
  }
}

TEST(Misbehaviour, ACrashAtAnInterpretersEnd) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("crashes_at_interpreter_end", python);
    EXPECT_EQ(phase(run, Level::main).outcome, Outcome::ok) << told(phase(run, Level::main));
    for (const Level level : {Level::legacy, Level::isolated, Level::sequential}) {
      EXPECT_EQ(phase(run, level).outcome, Outcome::crashed) << told(phase(run, level));
      EXPECT_THAT(phase(run, level).detail,
                  testing::MatchesRegex("SIGABRT during end of interpreter [0-9]+, in `give_up`"));
    }
  }
}

// What the first interpreter changed is known by then, and so is what of it is the import system's own.
TEST(Misbehaviour, ACrashInTheSecondInterpreterTakesNothingSeenAlong) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("crashes_second", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    EXPECT_EQ(isolated.outcome, Outcome::crashed) << told(isolated);
    ASSERT_EQ(isolated.changed.size(), 1u) << told(isolated);
    EXPECT_EQ(isolated.changed[0].symbol, "taken");
  }
}

TEST(Misbehaviour, ADeadlockIsSeenWhereInterpretersMeet) {
  loader_probe::ProbeOptions options = probe_options();
  options.timeout = 4;
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("deadlocks", python, options);
    EXPECT_EQ(phase(run, Level::sequential).outcome, Outcome::ok) << told(phase(run, Level::sequential));
    EXPECT_EQ(phase(run, Level::concurrent).outcome, Outcome::timed_out) << told(phase(run, Level::concurrent));
    EXPECT_THAT(phase(run, Level::concurrent).detail, testing::HasSubstr("during import"));
  }
}

TEST(Misbehaviour, AThousandThreadsEndWithTheProcess) {
  const model::Interpreter python = interpreters().back();
  const model::RunFacts run = run_module("starts_threads", python);
  for (const Level level : {Level::main, Level::isolated}) {
    EXPECT_EQ(phase(run, level).outcome, Outcome::ok) << told(phase(run, level));
  }
}

// A traced process stops at its next signal, and nobody is there to let it go on.
TEST(Misbehaviour, AProcessThatTracesItselfIsNoSuccess) {
  loader_probe::ProbeOptions options = probe_options();
  options.timeout = 2;
  for (const bool sandbox : {true, false}) {
    SCOPED_TRACE(sandbox);
    options.sandbox = sandbox;
    const model::RunFacts run = run_module("traces_itself", interpreters().back(), options);
    const model::Phase& main = phase(run, Level::main);
    if (main.outcome == Outcome::ok) {
      // Inside the sandbox the kernel may refuse it.
      EXPECT_TRUE(sandbox);
      EXPECT_THAT(main.output, testing::HasSubstr("not traced"));
      continue;
    }
    EXPECT_TRUE(main.outcome == Outcome::timed_out || main.outcome == Outcome::exited ||
                main.outcome == Outcome::crashed)
        << told(main);
    EXPECT_THAT(main.detail, testing::HasSubstr("during import in the main interpreter"));
  }
}

TEST(Misbehaviour, WhatItChangesOfTheProcessIsTold) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::Phase isolated = phase(run_module("changes_process", python), Level::isolated);
    std::vector<std::string> told;
    for (const model::ProcessChange& change : isolated.process) {
      EXPECT_EQ(change.step, "import");
      EXPECT_EQ(change.interpreter, 1);
      told.push_back(change.what);
    }
    EXPECT_THAT(told, testing::ElementsAre("the working folder", "the umask", testing::HasSubstr("the locale, "),
                                           "the environment variable ISOAUDIT_TEST", "the handler of SIGUSR1"));
    EXPECT_THAT(phase(run_module("clean", python), Level::isolated).process, testing::IsEmpty());
  }
}

TEST(Misbehaviour, OutputIsDrainedAndKeptApart) {
  const model::Interpreter python = interpreters().back();
  const model::RunFacts run = run_module("prints_much", python);
  const model::Phase& main = phase(run, Level::main);
  EXPECT_EQ(main.outcome, Outcome::ok) << main.detail;
  EXPECT_LE(main.output.size(), 4096u);
  EXPECT_THAT(main.output, testing::HasSubstr("xxxxx"));
}

TEST(Misbehaviour, NobodyCanWriteEventsButTheProbe) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("writes_everywhere", python);
    EXPECT_EQ(phase(run, Level::main).outcome, Outcome::ok) << told(phase(run, Level::main));
    EXPECT_EQ(phase(run, Level::concurrent).outcome, Outcome::ok) << told(phase(run, Level::concurrent));
  }
}

TEST(Misbehaviour, AForkedCopyDoesNotSpeakForTheProbe) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("forks", python);
    for (const Level level : {Level::main, Level::isolated, Level::sequential}) {
      EXPECT_EQ(phase(run, level).outcome, Outcome::ok) << told(phase(run, level));
      EXPECT_EQ(phase(run, level).detail, "the module forked the process");
    }
    EXPECT_EQ(phase(run, Level::main).imports, 1u);
  }
}

TEST(Misbehaviour, WhatAModuleLeavesBehindIsKilled) {
  const model::Interpreter python = interpreters().back();
  const auto start = std::chrono::steady_clock::now();
  const model::RunFacts run = run_module("leaves_process", python);
  EXPECT_EQ(phase(run, Level::main).outcome, Outcome::ok) << told(phase(run, Level::main));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

// Files that no import can load.
TEST(Misbehaviour, FilesThatAreNoModules) {
  const model::Interpreter python = interpreters().back();
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "isoaudit_no_modules";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "text.so") << "this is no shared object\n";
  std::ofstream(folder / "empty.so");
  for (const char* name : {"text", "empty", "missing"}) {
    SCOPED_TRACE(name);
    const std::string path = (folder / (std::string(name) + ".so")).string();
    const auto result = loader_probe::probe({name, path, folder.string(), false}, python, probe_options());
    EXPECT_EQ(phase(result.run, Level::main).outcome, Outcome::error);
    EXPECT_THAT(phase(result.run, Level::main).detail, testing::HasSubstr("Error: "));
  }
  std::filesystem::remove_all(folder);
}

TEST(Misbehaviour, AnInterpreterThatCannotBeStartedIsAGap) {
  model::Interpreter python = interpreters().back();
  const auto input = build_module("clean", python);
  python.executable = "/nonexistent/python3";
  const auto result = loader_probe::probe(input, python, probe_options());
  EXPECT_EQ(phase(result.run, Level::main).outcome, Outcome::not_possible);
  ASSERT_FALSE(result.gaps.empty());
  EXPECT_THAT(result.gaps[0].reason, testing::HasSubstr("No such file"));
}

}  // namespace
}  // namespace isoaudit::tests
