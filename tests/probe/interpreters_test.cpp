#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "loader_probe/host/server_ahead.h"
#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

namespace fs = std::filesystem;

std::string script(const std::string& name, const std::string& text) {
  const fs::path path = fs::path(testing::TempDir()) / name;
  std::ofstream(path) << text;
  fs::permissions(path, fs::perms::owner_all);
  return path.string();
}

std::string error_of(const std::string& wanted) {
  const auto result = loader_probe::find_interpreter(wanted);
  EXPECT_FALSE(result.interpreter);
  return result.error;
}

TEST(FindInterpreter, DescribesWhatItFinds) {
  for (const model::Interpreter& python : interpreters_with_debug()) {
    SCOPED_TRACE(python.executable);
    EXPECT_EQ(python.id, python.version.str() + (python.debug ? "d" : ""));
    EXPECT_TRUE(python.full_version.starts_with(python.version.str() + "."));
    EXPECT_TRUE(fs::exists(fs::path(python.include_dir) / "Python.h"));
    EXPECT_THAT(python.import_suffixes, testing::Contains(python.ext_suffix));
    EXPECT_THAT(python.import_suffixes, testing::Contains(".so"));
    // By path it is the same one.
    const auto again = loader_probe::find_interpreter(python.executable);
    ASSERT_TRUE(again.interpreter) << again.error;
    EXPECT_EQ(again.interpreter->id, python.id);
  }
}

TEST(FindInterpreter, TheDefaultIsTheNewest) {
  const auto result = loader_probe::find_default_interpreter();
  ASSERT_TRUE(result.interpreter) << result.error;
  EXPECT_GE(result.interpreter->version, interpreters().back().version);
  EXPECT_FALSE(result.interpreter->debug);
}

TEST(FindInterpreter, SaysWhatIsWrong) {
  EXPECT_EQ(error_of("3.11"), "3.11: interpreters with a GIL of their own exist from Python 3.12 on");
  EXPECT_THAT(error_of("3.99"), testing::StartsWith("3.99: no such interpreter on this machine"));
  EXPECT_EQ(error_of("/nonexistent/python"), "/nonexistent/python: no such file");
  EXPECT_EQ(error_of("no-such-command"), "no-such-command: no such version or command");
  EXPECT_THAT(error_of(testing::TempDir()), testing::HasSubstr("is a folder"));
  EXPECT_THAT(error_of("/etc/passwd"), testing::HasSubstr("is not an executable file"));
  EXPECT_THAT(error_of("/bin/true"), testing::HasSubstr("is no Python interpreter"));
  const std::string old = script("old_python", "#!/bin/sh\nprintf 'isoaudit-interpreter/1\\n3.11\\n3.11.7\\n'\n");
  EXPECT_THAT(error_of(old), testing::HasSubstr("is Python 3.11.7;"));
  const std::string text = script("text_python",
                                  "\x7f"
                                  "ELF no program");
  EXPECT_THAT(error_of(text), testing::HasSubstr("cannot be started"));
}

TEST(ServerAhead, SaysOfItselfWhatOneIsAskedFor) {
  for (const model::Interpreter& python : interpreters_with_debug()) {
    SCOPED_TRACE(python.executable);
    loader_probe::ServerAhead ahead(loader_probe::first_candidate(python.executable), probe_options());
    EXPECT_TRUE(ahead.serves(python.executable));
    EXPECT_THAT(ahead.answers(), testing::HasSubstr(python.full_version));
    const auto asked = loader_probe::find_interpreter(python.executable);
    const auto said = loader_probe::find_interpreter(python.executable, &ahead);
    ASSERT_TRUE(asked.interpreter) << asked.error;
    ASSERT_TRUE(said.interpreter) << said.error;
    EXPECT_EQ(*said.interpreter, *asked.interpreter);
  }
}

TEST(ServerAhead, IsTakenOnceByWhoRunsThatInterpreter) {
  const model::Interpreter python = interpreters().front();
  loader_probe::ServerAhead ahead(python.executable, probe_options());
  EXPECT_EQ(ahead.take("/another/python"), nullptr);
  EXPECT_NE(ahead.take(python.executable), nullptr);
  EXPECT_EQ(ahead.take(python.executable), nullptr);
  EXPECT_EQ(ahead.answers(), "");
}

TEST(ServerAhead, ChangesNoAnswer) {
  for (const model::Interpreter& python : interpreters()) {
    for (const bool evidence : {true, false}) {
      SCOPED_TRACE(python.id + (evidence ? " with evidence" : ""));
      loader_probe::ProbeOptions options = probe_options();
      options.evidence = evidence;
      const model::RunFacts alone = run_module("global_dict", python, options);
      loader_probe::ServerAhead ahead(python.executable, options);
      options.ahead = &ahead;
      const model::RunFacts run = run_module("global_dict", python, options);
      for (const model::Phase& expected : alone.phases) {
        const model::Phase& found = phase(run, expected.level);
        EXPECT_EQ(found.outcome, expected.outcome) << told(found);
        EXPECT_EQ(found.imports, expected.imports) << told(found);
        EXPECT_EQ(found.shared.size(), expected.shared.size()) << told(found);
      }
    }
  }
}

// What does not come up costs nothing but its start: the interpreter is asked, or said to be none, as ever.
TEST(ServerAhead, WhatIsNoInterpreterIsSaidToBeNone) {
  loader_probe::ServerAhead ahead("/bin/true", probe_options());
  EXPECT_EQ(ahead.answers(), "");
  EXPECT_THAT(loader_probe::find_interpreter("/bin/true", &ahead).error,
              testing::HasSubstr("is no Python interpreter"));
}

}  // namespace
}  // namespace isoaudit::tests
