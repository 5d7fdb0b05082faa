// The recipe: which levels run, in which order, and what one tells about the need for the next.
#include "loader_probe/host/probe.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>

#include "loader_probe/host/child_process.h"
#include "loader_probe/host/event_log.h"
#include "loader_probe/host/interpreters.h"
#include "loader_probe/host/known_bugs.h"
#include "loader_probe/host/phase.h"
#include "loader_probe/host/sandbox.h"
#include "loader_probe/host/tracked_writes.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

namespace fs = std::filesystem;
using model::Level;
using model::Outcome;
using model::Phase;

constexpr char kLibraryName[] = "isoaudit_probe.so";

// Loads the shared object into the main interpreter by its path and hands over the two descriptors. Only modules that
// every interpreter has at hand are named: what the audited module needs must not be there already.
constexpr char kBootstrap[] = R"(
import sys
from _frozen_importlib import ModuleSpec, module_from_spec
from _frozen_importlib_external import ExtensionFileLoader
spec = ModuleSpec('isoaudit_probe', ExtensionFileLoader('isoaudit_probe', sys.argv[1]), origin=sys.argv[1])
probe = module_from_spec(spec)
spec.loader.exec_module(probe)
probe.run(3, 4)
)";

std::string find_library(const std::string& named) {
  if (!named.empty()) return named;
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& folder : {beside, beside / "../lib/isoaudit"}) {
    if (fs::exists(folder / kLibraryName, error)) return (folder / kLibraryName).string();
  }
  return "";
}

std::string make_token() {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device source;
  std::string token;
  for (int i = 0; i < 32; ++i) token += digits[source() % 16];
  return token;
}

const char* level_word(Level level) {
  switch (level) {
    case Level::main: return events::level_main;
    case Level::legacy: return events::level_legacy;
    case Level::strict_shared: return events::level_strict_shared;
    case Level::isolated: return events::level_isolated;
    case Level::sequential: return events::level_sequential;
    case Level::concurrent: return events::level_concurrent;
    case Level::warm: return events::level_warm;
    case Level::debug_memory:
    case Level::debug_build: return events::level_unwatched;
    case Level::forced: return events::level_forced;
  }
  return "";
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

/// What main alone owns may be there because it is main, and no other interpreter may ever come near it.
void leave_out_mains(std::vector<model::SharedObject>& shared) {
  std::erase_if(shared,
                [](const model::SharedObject& object) { return object.owners == std::vector<std::int64_t>{0}; });
}

/// Runs the levels of one module.
class Run {
 public:
  Run(const ProbeInput& input, const model::Interpreter& interpreter, const ProbeOptions& options, std::string library)
      : input_(input), interpreter_(interpreter), options_(options), library_(std::move(library)) {
    path_ = absolute(input.path);
    root_ = absolute(input.import_root.empty() ? fs::path(input.path).parent_path().string() : input.import_root);
    by_path_ = needs_path(input.module, input.path);
  }

  /// By its file, whatever its name: the import system of another build looks for another ending.
  void import_by_path() { by_path_ = true; }

  /// One level in a fresh child; its events stay in `log_`.
  Phase level(Level level) {
    if (options_.progress) options_.progress(input_.module, model::to_string(level));
    const ChildResult child = start(level_word(level), {}, level == Level::debug_memory);
    LevelRun run{level, input_.module, path_, interpreter_, options_.timeout, raised_in_main_};
    Phase phase = phase_of(run, child, log_);
    if (level == Level::warm) {
      leave_out_mains(phase.shared);
      // Main goes on using it, so a count of users never comes back to what it was: who writes, other levels tell.
      phase.changed.clear();
    }
    if ((phase.at_once || level == Level::warm) && level != Level::forced) leave_out_seen(phase.shared, seen_quietly_);
    if (!phase.at_once) seen_quietly_.insert(seen_quietly_.end(), phase.shared.begin(), phase.shared.end());
    if (level == Level::main) raised_in_main_ = raised_in(log_);
    if (phase.imports > 0 && level == Level::isolated) track_writes(run, events::level_tracked, phase);
    if (!phase.changed.empty() && level == Level::forced) track_writes(run, events::level_tracked_forced, phase);
    for (const Preload& preload : preloads_) {
      if (!phase.detail.empty()) phase.detail += "; ";
      phase.detail += "with " + std::string(preload.module) + " imported into main first, because of " + preload.why;
    }
    return phase;
  }

  /// How the evidence was gathered, where that is not as usual.
  const std::set<std::string>& notes() const { return notes_; }

  /// From now on main imports these before any sub-interpreter is made.
  void preload(std::vector<Preload> preloads) { preloads_ = std::move(preloads); }

  /// Which of these modules is refused in an isolated interpreter for its own sake.
  std::vector<std::string> refused_among(std::vector<std::string> names) {
    std::vector<std::string> refused;
    while (!names.empty()) {
      start(events::level_dependencies, names);
      const auto answers = log_.named(events::dependency);
      for (const llvm::json::Object* answer : answers) {
        const llvm::json::Object* result = answer->getObject("result");
        const std::string name = string_of(*answer, "name");
        if (result && was_refused(*result, name)) refused.push_back(name);
      }
      // A child that died did so on the next name: the rest gets another one.
      if (log_.finished) break;
      names.erase(names.begin(),
                  names.begin() + static_cast<std::ptrdiff_t>(std::min(answers.size() + 1, names.size())));
    }
    return refused;
  }

  /// Compiled modules that the last level imported, the audited one left out: what was imported last comes first.
  std::vector<std::string> imported_extensions() const {
    std::vector<std::string> names;
    for (const llvm::json::Object* event : log_.named(events::extensions)) {
      const llvm::json::Array* modules = event->getArray("modules");
      if (!modules) continue;
      for (const llvm::json::Value& value : *modules) {
        const llvm::json::Array* row = value.getAsArray();
        const std::string name = row && !row->empty() ? (*row)[0].getAsString().value_or("").str() : "";
        if (!name.empty() && name != input_.module) names.push_back(name);
      }
    }
    std::reverse(names.begin(), names.end());
    return names;
  }

 private:
  static bool was_refused(const llvm::json::Object& result, const std::string& name) {
    const llvm::json::Array* refusals = result.getArray("refusals");
    if (flag_of(result, "ok") || !refusals) return false;
    return std::any_of(refusals->begin(), refusals->end(), [&](const llvm::json::Value& value) {
      const llvm::json::Array* row = value.getAsArray();
      return row && row->size() == 3 && (*row)[0].getAsString() == name &&
             (*row)[2].getAsString().value_or("").contains("does not support loading in subinterpreters");
    });
  }

  // The same steps in a child of its own: how that one ends says nothing about the module, since a system call that
  // fills tracked memory fails there.
  void track_writes(const LevelRun& run, const char* level, Phase& phase) {
    EventLog own = std::move(log_);
    start(level, {});
    add_tracked_writes(run, own, log_, phase);
    if (const std::string gap = tracking_gap(log_); !gap.empty()) {
      notes_.insert(run.module + ": the functions that write its memory are not all known: " + gap);
    }
    log_ = std::move(own);
  }

  ChildResult start(const char* level, const std::vector<std::string>& dependencies, bool debug_memory = false) {
    const std::string token = make_token();
    ChildRequest request;
    request.executable = interpreter_.executable;
    // faulthandler prints the Python stack when a signal ends the child; -s shuts out the user's own site-packages, -P
    // the working folder. Of PYTHON* settings only the one passes that says where modules are.
    request.arguments = {"-s", "-P", "-X", "faulthandler", "-c", kBootstrap, library_};
    request.environment = inherited({"PATH", "LD_LIBRARY_PATH", "PYTHONPATH"});
    // All symbols are bound when a file is loaded: no lazy binding may look like a write to the module's memory. The
    // same hashes in each run: what one interpreter does after the other must not change with them.
    for (const char* setting : {"LD_BIND_NOW=1", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", "LANG=C.UTF-8"}) {
      request.environment.emplace_back(setting);
    }
    if (debug_memory) request.environment.emplace_back("PYTHONMALLOC=debug");
    request.limits.seconds = options_.timeout;
    if (options_.sandbox) request.sandbox = find_sandbox().program;
    const auto order = [&](const char* key, const std::string& value) {
      request.configuration += std::string(key) + '\0' + value + '\0';
    };
    order(events::config_token, token);
    order(events::config_level, level);
    order(events::config_module, input_.module);
    order(events::config_path, path_);
    order(events::config_root, root_);
    order(events::config_by_path, by_path_ ? "1" : "0");
    order(events::config_interpreters, std::to_string(std::max(options_.interpreters, 1u)));
    order(events::config_count_blocks, model::frees_its_blocks(interpreter_.version) ? "1" : "0");
    order(events::config_rounds, std::to_string(std::max(options_.rounds, 1u)));
    if (!input_.exercise.empty()) order(events::config_exercise, absolute(input_.exercise));
    for (const std::string& name : dependencies) order(events::config_dependency, name);
    for (const Preload& preload : preloads_) order(events::config_preload, preload.module);
    ChildResult child = run_child(request);
    log_ = read_events(child.events, token);
    child.events.clear();
    return child;
  }

  const ProbeInput& input_;
  const model::Interpreter& interpreter_;
  const ProbeOptions& options_;
  std::string library_;
  std::string path_{};
  std::string root_{};
  bool by_path_ = false;
  EventLog log_{};
  std::vector<std::string> raised_in_main_{};
  std::vector<model::SharedObject> seen_quietly_{};
  std::vector<Preload> preloads_{};
  std::set<std::string> notes_{};
};

Phase skipped(Level level, const std::string& why) {
  Phase phase;
  phase.level = level;
  phase.outcome = Outcome::skipped;
  phase.detail = why;
  return phase;
}

constexpr Level kAllLevels[] = {Level::main,       Level::legacy,     Level::strict_shared, Level::isolated,
                                Level::sequential, Level::concurrent, Level::warm,          Level::forced};

void skip_rest(std::vector<Phase>& phases, const std::string& why) {
  for (const Level level : kAllLevels) {
    const auto done = [&](const Phase& phase) { return phase.level == level; };
    if (std::none_of(phases.begin(), phases.end(), done)) phases.push_back(skipped(level, why));
  }
}

/// The debug build of the same release; null when this machine has none. Looked for once.
const model::Interpreter* find_debug_build(const model::Interpreter& interpreter) {
  static std::mutex lock;
  static std::map<std::string, std::optional<model::Interpreter>> found;
  if (interpreter.debug) return nullptr;
  const std::lock_guard hold(lock);
  const std::string wanted = interpreter.version.str() + "d";
  auto known = found.find(wanted);
  if (known == found.end()) known = found.emplace(wanted, find_interpreter(wanted).interpreter).first;
  const std::optional<model::Interpreter>& debug = known->second;
  return debug && debug->full_version == interpreter.full_version ? &*debug : nullptr;
}

/// Debug builds stop at faults that have nothing to do with interpreters: what main alone does there comes first.
Phase run_debug_build(Run& run) {
  run.import_by_path();
  const Phase main = run.level(Level::main);
  if (main.outcome == Outcome::ok) return run.level(Level::debug_build);
  return skipped(Level::debug_build, "its main interpreter alone: " + main.detail);
}

void add_gaps(ProbeResult& result, const model::Interpreter& interpreter) {
  for (const Phase& phase : result.run.phases) {
    if (phase.outcome != Outcome::not_possible) continue;
    result.gaps.push_back({result.run.path, std::string("not run under Python ") + interpreter.id + ", level " +
                                                model::to_string(phase.level) + ": " + phase.detail});
  }
}

}  // namespace

ProbeResult probe(const ProbeInput& input, const model::Interpreter& interpreter, const ProbeOptions& options) {
  ProbeResult result;
  model::RunFacts& facts = result.run;
  facts.module = input.module;
  facts.path = input.path;
  facts.python = interpreter.id;
  const auto give_up = [&](const std::string& why) {
    for (const Level level : kAllLevels) {
      facts.phases.push_back(skipped(level, why));
      facts.phases.back().outcome = Outcome::not_possible;
    }
    result.gaps.push_back({input.path, "not run under Python " + interpreter.id + ": " + why});
    return result;
  };
  if (interpreter.free_threaded) {
    return give_up("free-threaded builds are not supported: they have no GIL that could be an interpreter's own");
  }
  const std::string library = find_library(options.probe_library);
  if (library.empty()) return give_up(std::string("the probe's shared object ") + kLibraryName + " was not found");

  Run run(input, interpreter, options, library);
  facts.phases.push_back(run.level(Level::main));
  const Phase main = facts.phases.front();
  // A crash at exit, after a good import, is told and does not hinder what follows.
  if (main.imports == 0) {
    skip_rest(facts.phases, "the module does not load in the main interpreter");
    add_gaps(result, interpreter);
    return result;
  }
  const std::vector<std::string> extensions = run.imported_extensions();
  run.preload(needed_preloads(interpreter, extensions));
  const Phase isolated = run.level(Level::isolated);
  facts.phases.push_back(isolated);
  for (const Level level : {Level::legacy, Level::strict_shared}) {
    facts.phases.push_back(isolated.outcome == Outcome::ok
                               ? skipped(level, "it loads in isolated interpreters, which ask for more")
                               : run.level(level));
  }
  const bool blocked = isolated.outcome != Outcome::refused && !isolated.other_module.empty();
  if (blocked) facts.refused_dependencies = run.refused_among(extensions);

  if (isolated.imports > 0) {
    facts.phases.push_back(run.level(Level::sequential));
    facts.phases.push_back(run.level(Level::concurrent));
    facts.phases.push_back(run.level(Level::warm));
    facts.phases.push_back(run.level(Level::debug_memory));
    const model::Interpreter* debug = options.debug_build ? find_debug_build(interpreter) : nullptr;
    if (debug != nullptr) {
      Run in_debug(input, *debug, options, library);
      facts.phases.push_back(run_debug_build(in_debug));
    }
  } else {
    const std::string why = "the module does not load in an isolated interpreter";
    facts.phases.push_back(skipped(Level::sequential, why));
    facts.phases.push_back(skipped(Level::concurrent, why));
    facts.phases.push_back(skipped(Level::warm, why));
  }
  // What is not declared, or cannot get so far, is loaded with the check overridden: what would break?
  if (isolated.imports == 0) {
    facts.phases.push_back(run.level(Level::forced));
  } else {
    facts.phases.push_back(skipped(Level::forced, "the module loads in isolated interpreters without force"));
  }
  std::ranges::sort(facts.phases, {}, &Phase::level);
  add_gaps(result, interpreter);
  result.notes.assign(run.notes().begin(), run.notes().end());
  return result;
}

}  // namespace isoaudit::loader_probe
