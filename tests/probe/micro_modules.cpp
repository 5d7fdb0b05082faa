#include "tests/probe/micro_modules.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace isoaudit::tests {
namespace fs = std::filesystem;

namespace {

std::vector<model::Interpreter> find(const std::vector<std::string>& wanted) {
  std::vector<model::Interpreter> found;
  const char* cache = std::getenv("ISOAUDIT_CACHE");
  const char* home = std::getenv("HOME");
  const std::string fetched =
      (cache ? std::string(cache) : std::string(home ? home : "") + "/.cache/isoaudit") + "/cpython/";
  const auto add = [&](const std::string& name) {
    const auto result = loader_probe::find_interpreter(name);
    if (!result.interpreter || result.interpreter->include_dir.empty()) return;
    const auto same = [&](const model::Interpreter& other) {
      return other.full_version == result.interpreter->full_version && other.debug == result.interpreter->debug;
    };
    if (std::none_of(found.begin(), found.end(), same)) found.push_back(*result.interpreter);
  };
  // The machine's own one may be an early 3.13.0; the fetched one of that version is then tested as well.
  for (const std::string& name : wanted) {
    add(name);
    add(fetched + name.substr(0, 4) + "/bin/python" + name);
  }
  EXPECT_FALSE(found.empty()) << "no interpreter with headers: run ci/setup";
  return found;
}

// Dependencies of a module are built beside it.
const std::vector<std::string>& needs(const std::string& name) {
  static const std::vector<std::string> none;
  static const std::vector<std::string> single = {"single_phase"};
  return name == "imports_refused" || name == "wraps_refusal" || name == "falls_back" ? single : none;
}

}  // namespace

std::vector<model::Interpreter> interpreters() {
  static const auto found = find({"3.13", "3.14", "3.15"});
  return found;
}

std::vector<model::Interpreter> interpreters_with_debug() {
  static const auto found = find({"3.13", "3.14", "3.15", "3.13d", "3.14d", "3.15d"});
  return found;
}

loader_probe::ProbeInput build_module(const std::string& name, const model::Interpreter& interpreter) {
  for (const std::string& needed : needs(name)) build_module(needed, interpreter);
  const fs::path sources = ISOAUDIT_MICRO_MODULES;
  const bool cxx = fs::exists(sources / (name + ".cpp"));
  const fs::path source = sources / (name + (cxx ? ".cpp" : ".c"));
  const fs::path folder = fs::path(ISOAUDIT_BINARY_DIR) / "micro_modules" / (interpreter.full_version + interpreter.id);
  fs::create_directories(folder);
  const fs::path built = folder / (name + interpreter.ext_suffix);
  const auto newest = std::max(fs::last_write_time(source), fs::last_write_time(sources / "micro.h"));
  if (!fs::exists(built) || fs::last_write_time(built) < newest) {
    // Under a name of its own, then renamed: tests run side by side.
    const fs::path fresh = built.string() + "." + std::to_string(getpid());
    const std::string command =
        std::string(cxx ? "c++ -std=c++17" : "cc -std=gnu11") +
        " -O0 -g -shared -fPIC -Wall -Wextra -Werror -Wno-missing-field-initializers -isystem '" +
        interpreter.include_dir + "' -I'" + sources.string() + "' '" + source.string() + "' -o '" + fresh.string() +
        "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    fs::rename(fresh, built);
  }
  return {name, built.string(), folder.string(), true};
}

loader_probe::ProbeOptions probe_options() {
  loader_probe::ProbeOptions options;
  options.probe_library = ISOAUDIT_PROBE_LIBRARY;
  options.interpreters = 3;
  options.rounds = 2;
  return options;
}

model::RunFacts run_module(const std::string& name, const model::Interpreter& interpreter,
                           const loader_probe::ProbeOptions& options) {
  return loader_probe::probe(build_module(name, interpreter), interpreter, options).run;
}

const model::Phase& phase(const model::RunFacts& run, model::Level level) {
  const model::Phase* found = model::find_phase(run, level);
  if (!found) throw std::runtime_error(std::string("no phase ") + model::to_string(level));
  return *found;
}

std::string told(const model::Phase& phase) {
  return std::string(model::to_string(phase.level)) + ": " + model::to_string(phase.outcome) + " " + phase.detail +
         "\n" + phase.output;
}

}  // namespace isoaudit::tests
