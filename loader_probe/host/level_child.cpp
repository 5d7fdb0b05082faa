#include "loader_probe/host/level_child.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include "loader_probe/host/sandbox.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

namespace fs = std::filesystem;

// Loads the shared object into the main interpreter by its path and hands over the two descriptors. Only modules that
// every interpreter has at hand are named: what the audited module needs must not be there already.
constexpr char kLoadProbe[] = R"(
import sys
from _frozen_importlib import ModuleSpec, module_from_spec
from _frozen_importlib_external import ExtensionFileLoader
spec = ModuleSpec('isoaudit_probe', ExtensionFileLoader('isoaudit_probe', sys.argv[1]), origin=sys.argv[1])
probe = module_from_spec(spec)
spec.loader.exec_module(probe)
)";
constexpr char kRunLevel[] = "probe.run(3, 4)\n";
// Everything after the first line happens in a copy.
constexpr char kServeForks[] = R"(
folder = probe.serve(3)
import os
os.environ['HOME'] = os.environ['TMPDIR'] = folder
)";

constexpr double kTimesOfTests = 3;

std::string make_token() {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device source;
  std::string token;
  for (int i = 0; i < 32; ++i) token += digits[source() % 16];
  return token;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const fs::path result = fs::absolute(path, error).lexically_normal();
  return error ? path : result.string();
}

/// The import system finds a file by the last component of the module's name; other hooks are loaded by path.
bool needs_path(const std::string& module, const std::string& path) {
  std::string stem = fs::path(path).filename().string();
  stem.resize(std::min(stem.find('.'), stem.size()));
  return module.substr(module.rfind('.') + 1) != stem;
}

}  // namespace

LevelChildren::LevelChildren(const ProbeInput& input, const model::Interpreter& interpreter,
                             const ProbeOptions& options, std::string library)
    : input_(input), interpreter_(interpreter), options_(options), library_(std::move(library)) {
  path_ = absolute(input.path);
  root_ = absolute(input.import_root.empty() ? fs::path(input.path).parent_path().string() : input.import_root);
  exercise_ = input.exercise.empty() ? "" : absolute(input.exercise);
  by_path_ = needs_path(input.module, input.path);
}

ChildRequest LevelChildren::interpreter_request(const char* bootstrap) const {
  ChildRequest request;
  request.executable = interpreter_.executable;
  // faulthandler prints the Python stack when a signal ends the child; -s shuts out the user's own site-packages, -P
  // the working folder. Of PYTHON* settings only the one passes that says where modules are.
  request.arguments = {"-s", "-P", "-X", "faulthandler", "-c", std::string(kLoadProbe) + bootstrap, library_};
  request.environment = inherited({"PATH", "LD_LIBRARY_PATH", "PYTHONPATH"});
  // All symbols are bound when a file is loaded: no lazy binding may look like a write to the module's memory. The
  // same hashes in each run: what one interpreter does after the other must not change with them.
  for (const char* setting : {"LD_BIND_NOW=1", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", "LANG=C.UTF-8"}) {
    request.environment.emplace_back(setting);
  }
  request.limits.seconds = options_.timeout;
  if (options_.sandbox) request.sandbox = find_sandbox().program;
  return request;
}

/// An allocator is chosen when an interpreter starts. What an interpreter leaves behind is counted in mappings of
/// memory, and those of a copy do not grow together with what it maps itself. And for one level alone no server is
/// worth its start.
std::optional<ChildResult> LevelChildren::run_in_copy(const LevelOrder& level, const ChildRequest& request) const {
  if (level.debug_memory || level.word == events::level_sequential || !options_.evidence) return std::nullopt;
  std::call_once(server_started_, [&] {
    server_ = std::make_unique<ForkServer>(interpreter_request((std::string(kServeForks) + kRunLevel).c_str()));
  });
  return server_->run(request.configuration, request.limits);
}

Told LevelChildren::run(const LevelOrder& level) const {
  const std::string token = make_token();
  ChildRequest request = interpreter_request(kRunLevel);
  if (level.debug_memory) request.environment.emplace_back("PYTHONMALLOC=debug");
  // There two interpreters run the tests in turn, which in main may have needed nearly all of their time.
  if (!input_.tests.empty() && level.word == events::level_isolated) request.limits.seconds *= kTimesOfTests;
  const auto order = [&](const char* key, const std::string& value) {
    request.configuration += std::string(key) + '\0' + value + '\0';
  };
  order(events::config_token, token);
  order(events::config_level, level.word);
  order(events::config_module, input_.module);
  order(events::config_path, path_);
  order(events::config_root, root_);
  order(events::config_by_path, by_path_ ? "1" : "0");
  order(events::config_stubs, level.stubs ? "1" : "0");
  order(events::config_interpreters, std::to_string(std::max(options_.interpreters, 1u)));
  order(events::config_count_blocks, model::frees_its_blocks(interpreter_.version) ? "1" : "0");
  order(events::config_rounds, std::to_string(std::max(options_.rounds, 1u)));
  order(events::config_evidence, options_.evidence ? "1" : "0");
  if (!exercise_.empty()) order(events::config_exercise, exercise_);
  // What does not declare support is looked at for what it holds, not for how it works.
  order(events::config_instances, input_.declares_own_gil && !carefully_ ? "1" : "0");
  for (const std::string& file : input_.tests) order(events::config_test, absolute(file));
  for (const std::string& name : level.dependencies) order(events::config_dependency, name);
  for (const Preload& preload : level.preloads) order(events::config_preload, preload.module);
  Told told;
  std::optional<ChildResult> copied = run_in_copy(level, request);
  told.child = copied ? std::move(*copied) : run_child(request);
  told.log = read_events(told.child.events, token);
  told.child.events.clear();
  return told;
}

LevelChildren::Answers LevelChildren::run(const std::vector<LevelOrder>& levels,
                                          const std::function<bool(const Answers&)>& go_on) const {
  Answers answers(levels.size());
  std::mutex lock;
  std::size_t next = 0;
  const auto work = [&] {
    std::unique_lock hold(lock);
    while (next < levels.size() && (!go_on || go_on(answers))) {
      const std::size_t mine = next++;
      hold.unlock();
      if (options_.progress) options_.progress(input_.module, levels[mine].word);
      Told told = run(levels[mine]);
      hold.lock();
      answers[mine] = std::move(told);
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min<std::size_t>(options_.children, levels.size()); ++i) others.emplace_back(work);
  work();
  others.clear();
  return answers;
}

}  // namespace isoaudit::loader_probe
