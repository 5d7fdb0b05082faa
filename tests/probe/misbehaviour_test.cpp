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
    EXPECT_EQ(run.phases.size(), 7u);
    for (const Level level : {Level::isolated, Level::concurrent, Level::forced}) {
      EXPECT_EQ(phase(run, level).outcome, Outcome::skipped);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Probe, Misbehaves,
    testing::Values(Behaviour{"aborts", Outcome::crashed, "SIGABRT during import in the main interpreter"},
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
