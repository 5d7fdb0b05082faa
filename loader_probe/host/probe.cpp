// The recipe: which levels run, in which order, and what one tells about the need for the next.
#include "loader_probe/host/probe.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "loader_probe/host/event_log.h"
#include "loader_probe/host/interpreters.h"
#include "loader_probe/host/known_bugs.h"
#include "loader_probe/host/level_child.h"
#include "loader_probe/host/phase.h"
#include "loader_probe/host/tracked_writes.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

namespace fs = std::filesystem;
using model::Level;
using model::Outcome;
using model::Phase;

constexpr char kLibraryName[] = "isoaudit_probe.so";

std::string find_library(const std::string& named) {
  if (!named.empty()) return named;
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& folder : {beside, beside / "../lib/isoaudit"}) {
    if (fs::exists(folder / kLibraryName, error)) return (folder / kLibraryName).string();
  }
  return "";
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

/// What main alone owns may be there because it is main, and no other interpreter may ever come near it.
void leave_out_mains(std::vector<model::SharedObject>& shared) {
  std::erase_if(shared,
                [](const model::SharedObject& object) { return object.owners == std::vector<std::int64_t>{0}; });
}

bool was_refused(const llvm::json::Object& result, const std::string& name) {
  const llvm::json::Array* refusals = result.getArray("refusals");
  if (flag_of(result, "ok") || !refusals) return false;
  return std::any_of(refusals->begin(), refusals->end(), [&](const llvm::json::Value& value) {
    const llvm::json::Array* row = value.getAsArray();
    return row && row->size() == 3 && (*row)[0].getAsString() == name &&
           (*row)[2].getAsString().value_or("").contains("does not support loading in subinterpreters");
  });
}

/// Compiled modules that a level imported, `audited` left out: what was imported last comes first.
std::vector<std::string> imported_extensions(const EventLog& log, const std::string& audited) {
  std::vector<std::string> names;
  for (const llvm::json::Object* event : log.named(events::extensions)) {
    const llvm::json::Array* modules = event->getArray("modules");
    if (!modules) continue;
    for (const llvm::json::Value& value : *modules) {
      const llvm::json::Array* row = value.getAsArray();
      const std::string name = row && !row->empty() ? (*row)[0].getAsString().value_or("").str() : "";
      if (!name.empty() && name != audited) names.push_back(name);
    }
  }
  std::reverse(names.begin(), names.end());
  return names;
}

/// The levels of one module. Children may run at the same time; what they told is judged in the order of the levels,
/// since one level's findings are left out of the next.
class Run {
 public:
  Run(const ProbeInput& input, const model::Interpreter& interpreter, const ProbeOptions& options, std::string library)
      : children_(input, interpreter, options, std::move(library)),
        input_(input),
        interpreter_(interpreter),
        options_(options) {}

  void import_by_path() {
    children_.import_by_path();
    ahead_.clear();
  }
  void use_carefully(bool carefully) {
    children_.use_carefully(carefully);
    ahead_.clear();
  }
  void note(const std::string& text) { notes_.insert(input_.module + ": " + text); }

  /// From now on main imports these before any sub-interpreter is made.
  void preload(std::vector<Preload> preloads) {
    preloads_ = std::move(preloads);
    ahead_.clear();
  }

  LevelOrder order(Level level) const { return {level_word(level), preloads_, {}, level == Level::debug_memory}; }
  LevelOrder order(const char* word) const { return {word, preloads_}; }

  /// Where cores are idle otherwise: what will be asked for when all goes as it mostly does is run with main and the
  /// isolated level, not after them. As soon as their answers say otherwise, nothing more is begun.
  void run_ahead() {
    const std::vector<LevelOrder> orders = orders_ahead();
    LevelChildren::Answers answers = children_.run(orders, [&](const auto& so_far) { return goes_well(so_far); });
    for (std::size_t i = 0; i < orders.size(); ++i) {
      if (answers[i]) ahead_.insert_or_assign(key(orders[i]), std::move(*answers[i]));
    }
  }

  std::vector<Told> tell(const std::vector<LevelOrder>& orders) {
    std::vector<Told> told(orders.size());
    std::vector<LevelOrder> open;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < orders.size(); ++i) {
      if (auto answer = ahead_.extract(key(orders[i]))) {
        told[i] = std::move(answer.mapped());
      } else {
        open.push_back(orders[i]);
        places.push_back(i);
      }
    }
    LevelChildren::Answers answers = children_.run(open);
    for (std::size_t i = 0; i < open.size(); ++i) told[places[i]] = std::move(*answers[i]);
    return told;
  }

  Phase judge(Level level, const Told& told) {
    Phase phase = phase_of(level_run(level), told.child, told.log);
    if (level == Level::warm) {
      leave_out_mains(phase.shared);
      // Main goes on using it, so a count of users never comes back to what it was: who writes, other levels tell.
      phase.changed.clear();
    }
    if ((phase.at_once || level == Level::warm) && level != Level::forced) leave_out_seen(phase.shared, seen_quietly_);
    if (!phase.at_once) seen_quietly_.insert(seen_quietly_.end(), phase.shared.begin(), phase.shared.end());
    if (level == Level::main) raised_in_main_ = raised_in(told.log);
    for (const Preload& preload : preloads_) {
      if (!phase.detail.empty()) phase.detail += "; ";
      phase.detail += "with " + std::string(preload.module) + " imported into main first, because of " + preload.why;
    }
    return phase;
  }

  /// `tracked` did the same steps in a child of its own: how that one ended says nothing about the module, since a
  /// system call that fills tracked memory fails there.
  void add_writers(Phase& phase, const Told& told, const Told& tracked) {
    add_tracked_writes(level_run(phase.level), told.log, tracked.log, phase);
    if (const std::string gap = tracking_gap(tracked.log); !gap.empty()) {
      notes_.insert(input_.module + ": the functions that write its memory are not all known: " + gap);
    }
  }

  /// How the evidence was gathered, where that is not as usual.
  const std::set<std::string>& notes() const { return notes_; }

  /// Which of these modules is refused in an isolated interpreter for its own sake.
  std::vector<std::string> refused_among(std::vector<std::string> names) const {
    std::vector<std::string> refused;
    while (!names.empty()) {
      const Told told = children_.run(LevelOrder{events::level_dependencies, preloads_, names});
      const auto answers = told.log.named(events::dependency);
      for (const llvm::json::Object* answer : answers) {
        const llvm::json::Object* result = answer->getObject("result");
        const std::string name = string_of(*answer, "name");
        if (result && was_refused(*result, name)) refused.push_back(name);
      }
      // A child that died did so on the next name: the rest gets another one.
      if (told.log.finished) break;
      names.erase(names.begin(),
                  names.begin() + static_cast<std::ptrdiff_t>(std::min(answers.size() + 1, names.size())));
    }
    return refused;
  }

 private:
  /// What tells two orders of one run apart, as long as main imports the same first.
  static std::string key(const LevelOrder& order) {
    return order.word + (order.debug_memory ? " debug" : "") + (order.stubs ? " stubs" : "");
  }

  std::vector<LevelOrder> orders_ahead() const;
  bool goes_well(const LevelChildren::Answers& answers) const;

  LevelRun level_run(Level level) const {
    return {level, input_.module, children_.path(), interpreter_, options_.timeout, raised_in_main_};
  }

  LevelChildren children_;
  const ProbeInput& input_;
  const model::Interpreter& interpreter_;
  const ProbeOptions& options_;
  std::vector<std::string> raised_in_main_{};
  std::vector<model::SharedObject> seen_quietly_{};
  std::vector<Preload> preloads_{};
  std::map<std::string, Told> ahead_{};
  std::set<std::string> notes_{};
};

/// What can still matter once one isolated interpreter has answered.
std::vector<Level> levels_after(bool refused, bool imports) {
  std::vector<Level> levels;
  if (refused) levels = {Level::legacy, Level::strict_shared};
  if (imports) {
    for (const Level level : {Level::sequential, Level::concurrent, Level::warm, Level::debug_memory}) {
      levels.push_back(level);
    }
  } else {
    // What is not declared, or cannot get so far, is loaded with the check overridden: what would break?
    levels.push_back(Level::forced);
  }
  return levels;
}

std::vector<LevelOrder> Run::orders_ahead() const {
  const bool declares = input_.declares_own_gil;
  std::vector<LevelOrder> orders = {order(Level::main), order(Level::isolated)};
  for (const Level level : levels_after(!declares, declares)) orders.push_back(order(level));
  if (declares) orders.push_back(order(events::level_tracked));
  // The longest first, so that no core ends up waiting for it.
  const std::set<std::string> long_ones = {events::level_concurrent, events::level_forced};
  std::stable_partition(orders.begin() + 2, orders.end(),
                        [&](const LevelOrder& one) { return long_ones.contains(one.word); });
  return orders;
}

bool Run::goes_well(const LevelChildren::Answers& answers) const {
  const auto imported = [](const EventLog& log) {
    const auto imports = log.named(events::import);
    return std::ranges::any_of(imports, [](const llvm::json::Object* event) { return flag_of(*event, "ok"); });
  };
  if (const std::optional<Told>& main = answers[0]) {
    if (!main->log.finished || !imported(main->log)) return false;
    if (!needed_preloads(interpreter_, imported_extensions(main->log, input_.module)).empty()) return false;
  }
  const std::optional<Told>& isolated = answers[1];
  return !isolated || imported(isolated->log) == input_.declares_own_gil;
}

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

/// Who was on the stack of a crash: the innermost compiled module that is not the audited one, by its file; else the
/// package, whose code came before.
std::string culprit(const Told& told, const ProbeInput& input) {
  for (const llvm::json::Object* event : told.log.named(events::crash)) {
    const llvm::json::Array* frames = event->getArray("frames");
    if (frames == nullptr) continue;
    for (const llvm::json::Value& value : *frames) {
      const llvm::json::Array* frame = value.getAsArray();
      const std::string file = frame && frame->size() == 2 ? (*frame)[0].getAsString().value_or("").str() : "";
      std::error_code error;
      if (fs::equivalent(file, input.path, error)) return "";
      const std::string inside = fs::path(file).lexically_relative(fs::canonical(input.import_root, error)).string();
      if (error || inside.empty() || inside.starts_with("..")) continue;
      std::string name = inside.substr(0, inside.find('.', inside.rfind('/') + 1));
      std::ranges::replace(name, '/', '.');
      return name;
    }
  }
  return input.module.substr(0, input.module.rfind('.'));
}

/// To import a module by its name runs its package, whose other modules may be the ones that end the process. Alone,
/// with packages in name only, it may do well: then it is not to blame. Not proved clean either: what its package does
/// with it was not seen.
void tell_from_package(Run& run, Told& told, const ProbeInput& input, Phase& isolated, model::RunFacts& facts) {
  const std::string other = culprit(told, input);
  if (other.empty() || isolated.imports > 0) return;
  LevelOrder alone = run.order(Level::isolated);
  alone.stubs = true;
  Told told_alone = run.tell({alone})[0];
  Phase phase = run.judge(Level::isolated, told_alone);
  if (phase.outcome != Outcome::ok) return;
  told = std::move(told_alone);
  const std::string why = isolated.detail;
  if (phase.shared.empty()) {
    phase.outcome = Outcome::error;
    phase.imports = 0;
    facts.refused_dependencies = {other};
  }
  isolated = std::move(phase);
  isolated.detail = "alone, without the code of its packages, it loads; with it: " + why;
}

/// Debug builds stop at faults that have nothing to do with interpreters: what main alone does there comes first.
Phase run_debug_build(Run& run) {
  run.import_by_path();
  const std::vector<Told> told = run.tell({run.order(Level::main), run.order(Level::debug_build)});
  const Phase main = run.judge(Level::main, told[0]);
  if (main.outcome == Outcome::ok) return run.judge(Level::debug_build, told[1]);
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
  if (!options.evidence) {
    Phase phase = run.judge(Level::concurrent, run.tell({run.order(Level::concurrent)})[0]);
    if (phase.outcome == Outcome::ok) {
      facts.phases.push_back(std::move(phase));
      skip_rest(facts.phases, "no evidence was asked for");
      std::ranges::sort(facts.phases, {}, &Phase::level);
      return result;
    }
  }
  if (options.children > 1) run.run_ahead();
  // Most modules load in main and need nothing there first: the next level does not wait for the answer.
  std::vector<Told> first = run.tell({run.order(Level::main), run.order(Level::isolated)});
  Phase main = run.judge(Level::main, first[0]);
  // A type that cannot be made without arguments may end the process: no news about interpreters.
  if (ended_badly(main) && main.uses == 0 && input.declares_own_gil) {
    run.use_carefully(true);
    std::vector<Told> again = run.tell({run.order(Level::main), run.order(Level::isolated)});
    Phase careful = run.judge(Level::main, again[0]);
    if (careful.outcome == Outcome::ok) {
      main = std::move(careful);
      first = std::move(again);
      run.note("main only does well when no instances are made and it is not imported again");
    } else {
      run.use_carefully(false);
    }
  }
  facts.phases.push_back(main);
  // A crash at exit, after a good import, is told and does not hinder what follows.
  if (main.imports == 0) {
    skip_rest(facts.phases, "the module does not load in the main interpreter");
    add_gaps(result, interpreter);
    return result;
  }
  const std::vector<std::string> extensions = imported_extensions(first[0].log, input.module);
  if (const std::vector<Preload> needed = needed_preloads(interpreter, extensions); !needed.empty()) {
    run.preload(needed);
    first[1] = run.tell({run.order(Level::isolated)})[0];
  }
  Phase isolated = run.judge(Level::isolated, first[1]);
  const bool blocked = isolated.outcome != Outcome::refused && !isolated.other_module.empty();
  if (blocked) facts.refused_dependencies = run.refused_among(extensions);
  if (ended_badly(isolated) && input.module.find('.') != std::string::npos) {
    tell_from_package(run, first[1], input, isolated, facts);
  }

  const std::vector<Level> wanted = levels_after(isolated.outcome != Outcome::ok, isolated.imports > 0);
  std::vector<LevelOrder> orders;
  for (const Level level : wanted) orders.push_back(run.order(level));
  if (isolated.imports > 0) orders.push_back(run.order(events::level_tracked));
  const std::vector<Told> told = run.tell(orders);
  if (isolated.imports > 0) run.add_writers(isolated, first[1], told.back());
  facts.phases.push_back(isolated);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    Phase phase = run.judge(wanted[i], told[i]);
    if (wanted[i] == Level::forced && !phase.changed.empty()) {
      run.add_writers(phase, told[i], run.tell({run.order(events::level_tracked_forced)})[0]);
    }
    facts.phases.push_back(std::move(phase));
  }
  const model::Interpreter* debug =
      options.debug_build && isolated.imports > 0 ? find_debug_build(interpreter) : nullptr;
  if (debug != nullptr) {
    Run in_debug(input, *debug, options, library);
    facts.phases.push_back(run_debug_build(in_debug));
  }
  if (isolated.outcome == Outcome::ok) {
    const std::string why = "it loads in isolated interpreters, which ask for more";
    facts.phases.push_back(skipped(Level::legacy, why));
    facts.phases.push_back(skipped(Level::strict_shared, why));
  }
  if (isolated.imports > 0) {
    facts.phases.push_back(skipped(Level::forced, "the module loads in isolated interpreters without force"));
  } else {
    for (const Level level : {Level::sequential, Level::concurrent, Level::warm}) {
      facts.phases.push_back(skipped(level, "the module does not load in an isolated interpreter"));
    }
  }
  std::ranges::sort(facts.phases, {}, &Phase::level);
  add_gaps(result, interpreter);
  result.notes.assign(run.notes().begin(), run.notes().end());
  return result;
}

}  // namespace isoaudit::loader_probe
