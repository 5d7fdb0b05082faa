#include "loader_probe/host/level_child.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include "loader_probe/host/interpreter_request.h"
#include "loader_probe/host/sandbox.h"
#include "loader_probe/host/server_ahead.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

namespace fs = std::filesystem;

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

/// An allocator is chosen when an interpreter starts. What an interpreter leaves behind is counted in mappings of
/// memory, and those of a copy do not grow together with what it maps itself.
bool LevelChildren::runs_in_copy(const LevelOrder& level) {
  return !level.debug_memory && level.word != events::level_sequential;
}

std::string LevelChildren::sandbox() const { return options_.sandbox ? find_sandbox().program : ""; }

void LevelChildren::start_server(const std::vector<LevelOrder>& levels) const {
  if (server_ || std::none_of(levels.begin(), levels.end(), runs_in_copy)) return;
  if (options_.ahead != nullptr) server_ = options_.ahead->take(interpreter_.executable);
  // Without evidence hardly more than one level is asked for: none is worth its start.
  if (server_ || !options_.evidence) return;
  server_ = std::make_unique<ForkServer>(serving_interpreter(interpreter_.executable, options_, library_, sandbox()));
}

Told LevelChildren::run(const LevelOrder& level) const {
  // Nothing stops the run: each has its answer.
  return std::move(*run(std::vector{level})[0]);  // NOLINT(bugprone-unchecked-optional-access)
}

Told LevelChildren::run_one(const LevelOrder& level) const {
  const std::string token = make_token();
  ChildRequest request = interpreter_for_level(interpreter_.executable, options_, library_, sandbox());
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
  std::optional<ChildResult> copied;
  if (server_ && runs_in_copy(level)) {
    if (!options_.evidence) {  // nor is a copy of one that is there
      copied = server_->run_last(request.configuration, request.limits);
      server_.reset();
    } else {
      copied = server_->run(request.configuration, request.limits);
    }
  }
  told.child = copied ? std::move(*copied) : run_child(request);
  told.log = read_events(told.child.events, token);
  told.child.events.clear();
  return told;
}

LevelChildren::Answers LevelChildren::run(const std::vector<LevelOrder>& levels,
                                          const std::function<bool(const Answers&)>& go_on) const {
  // Here, not in one of the threads below: a sandbox ends with the thread that started it.
  start_server(levels);
  Answers answers(levels.size());
  std::mutex lock;
  std::size_t next = 0;
  const auto work = [&] {
    std::unique_lock hold(lock);
    while (next < levels.size() && (!go_on || go_on(answers))) {
      const std::size_t mine = next++;
      hold.unlock();
      if (options_.progress) options_.progress(input_.module, levels[mine].word);
      Told told = run_one(levels[mine]);
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
