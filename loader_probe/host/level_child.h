#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loader_probe/host/child_process.h"
#include "loader_probe/host/event_log.h"
#include "loader_probe/host/fork_server.h"
#include "loader_probe/host/known_bugs.h"
#include "loader_probe/host/probe.h"
#include "model/python_version.h"

namespace isoaudit::loader_probe {

/// What one child process is to do.
struct LevelOrder {
  /// events::level_...
  std::string word{};
  /// Main imports these before any other interpreter is made.
  std::vector<Preload> preloads{};
  /// For events::level_dependencies.
  std::vector<std::string> dependencies{};
  /// Under PYTHONMALLOC=debug.
  bool debug_memory = false;
  /// Without the code of the packages that it lies in.
  bool stubs = false;
};

/// How a child ended and what it told.
struct Told {
  ChildResult child{};
  EventLog log{};
};

/// Runs levels of one module, each in a child process of its own: a copy of an interpreter that was started once for
/// the module (fork_server.h), or one that is started for the level, where only that tells what is to be told. Keeps
/// references to what it is made with.
class LevelChildren {
 public:
  LevelChildren(const ProbeInput& input, const model::Interpreter& interpreter, const ProbeOptions& options,
                std::string library);

  /// By its file, whatever its name: the import system of another build looks for another ending.
  void import_by_path() { by_path_ = true; }
  /// The exercise leaves out what main did not survive.
  void use_carefully(bool carefully) { carefully_ = carefully; }
  /// The audited file, absolute.
  const std::string& path() const { return path_; }

  Told run(const LevelOrder& level) const;
  /// By place in `levels`; those that were not run have none.
  using Answers = std::vector<std::optional<Told>>;
  /// As many at once as the options allow, in the order of `levels`. `go_on`, when given, is asked before each with the
  /// answers that are there by then: once it says no, none is begun any more.
  Answers run(const std::vector<LevelOrder>& levels, const std::function<bool(const Answers&)>& go_on = {}) const;

 private:
  std::string sandbox() const;
  static bool runs_in_copy(const LevelOrder& level);
  void start_server(const std::vector<LevelOrder>& levels) const;
  Told run_one(const LevelOrder& level) const;

  const ProbeInput& input_;
  const model::Interpreter& interpreter_;
  const ProbeOptions& options_;
  std::string library_;
  std::string path_{};
  std::string root_{};
  std::string exercise_{};
  bool by_path_ = false;
  bool carefully_ = false;
  mutable std::unique_ptr<ForkServer> server_{};
};

}  // namespace isoaudit::loader_probe
