// The recipe: which levels run, in which order, and what one tells about the need for the next.
#include "loader_probe/host/probe.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>

#include "loader_probe/host/event_log.h"
#include "loader_probe/host/interpreter_request.h"
#include "loader_probe/host/interpreters.h"
#include "loader_probe/host/known_bugs.h"
#include "loader_probe/host/level_child.h"
#include "loader_probe/host/module_run.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

namespace fs = std::filesystem;
using model::Level;
using model::Outcome;
using model::Phase;

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
void tell_from_package(ModuleRun& run, Told& told, const ProbeInput& input, Phase& isolated, model::RunFacts& facts) {
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

/// The same where several interpreters met or followed each other, and one by itself had done well.
void tell_race_from_package(ModuleRun& run, const ProbeInput& input, Phase& phase, model::RunFacts& facts) {
  if (input.module.find('.') == std::string::npos) return;
  if (!ended_badly(phase) && phase.outcome != Outcome::error) return;
  // Its own check is nobody else's fault, and what is shared is seen already.
  if (!phase.shared.empty() || model::raised(phase, "ImportError")) return;
  LevelOrder alone = run.order(phase.level);
  alone.stubs = true;
  Phase by_itself = run.judge(phase.level, run.tell({alone})[0]);
  if (by_itself.outcome != Outcome::ok) return;
  facts.also_failed.push_back(std::string(model::to_string(phase.level)) + ", with its package: " + phase.detail);
  by_itself.detail = "alone, without the code of its packages, it does well; with it: " + phase.detail;
  phase = std::move(by_itself);
}

/// Debug builds stop at faults that have nothing to do with interpreters: what main alone does there comes first.
Phase run_debug_build(ModuleRun& run) {
  run.import_by_path();
  const std::vector<Told> told = run.tell({run.order(Level::main), run.order(Level::debug_build)});
  const Phase main = run.judge(Level::main, told[0]);
  if (main.outcome == Outcome::ok) return run.judge(Level::debug_build, told[1]);
  return skipped(Level::debug_build, "its main interpreter alone: " + main.detail);
}

/// The one level without evidence. What is raised in use may be raised in main as well: only then main is asked.
Phase run_at_once(ModuleRun& run) {
  const Told told = std::move(run.tell({run.order(Level::concurrent)})[0]);
  Phase phase = run.judge(Level::concurrent, told);
  if (phase.outcome != Outcome::error || phase.imports == 0) return phase;
  run.judge(Level::main, run.tell({run.order(Level::main)})[0]);
  return run.judge(Level::concurrent, told);
}

/// Who failed where nothing was looked for gets all levels, which tell why. That it failed is not forgotten when it
/// does well now.
ProbeResult probe_after(const Phase& failed, const ProbeInput& input, const model::Interpreter& interpreter,
                        ProbeOptions options) {
  options.evidence = true;
  ProbeResult result = probe(input, interpreter, options);
  const Phase* again = model::find_phase(result.run, failed.level);
  if (again != nullptr && again->outcome == Outcome::ok) {
    result.run.also_failed.push_back(std::string(to_string(failed.level)) +
                                     ", before anything was looked for: " + failed.detail);
  }
  return result;
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
  const std::string library = find_probe_library(options);
  if (library.empty()) return give_up(std::string("the probe's shared object ") + kProbeLibraryName + " was not found");

  ModuleRun run(input, interpreter, options, library);
  if (!options.evidence) {
    Phase phase = run_at_once(run);
    if (phase.outcome != Outcome::ok) return probe_after(phase, input, interpreter, options);
    facts.phases.push_back(std::move(phase));
    skip_rest(facts.phases, "no evidence was asked for");
    std::ranges::sort(facts.phases, {}, &Phase::level);
    return result;
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
    if (isolated.outcome == Outcome::ok) tell_race_from_package(run, input, phase, facts);
    if (wanted[i] == Level::forced && !phase.changed.empty()) {
      run.add_writers(phase, told[i], run.tell({run.order(events::level_tracked_forced)})[0]);
    }
    facts.phases.push_back(std::move(phase));
  }
  const model::Interpreter* debug =
      options.debug_build && isolated.imports > 0 ? find_debug_build(interpreter) : nullptr;
  if (debug != nullptr) {
    ModuleRun in_debug(input, *debug, options, library);
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
