#include "loader_probe/host/module_run.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "loader_probe/host/tracked_writes.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

using model::Level;
using model::Phase;

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

/// What tells two orders of one run apart, as long as main imports the same first.
std::string key(const LevelOrder& order) {
  return order.word + (order.debug_memory ? " debug" : "") + (order.stubs ? " stubs" : "");
}

}  // namespace

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

ModuleRun::ModuleRun(const ProbeInput& input, const model::Interpreter& interpreter, const ProbeOptions& options,
                     std::string library)
    : children_(input, interpreter, options, std::move(library)), input_(input), interpreter_(interpreter) {}

LevelOrder ModuleRun::order(Level level) const {
  return {level_word(level), preloads_, {}, level == Level::debug_memory};
}

void ModuleRun::import_by_path() {
  children_.import_by_path();
  ahead_.clear();
}

void ModuleRun::use_carefully(bool carefully) {
  children_.use_carefully(carefully);
  ahead_.clear();
}

void ModuleRun::preload(std::vector<Preload> preloads) {
  preloads_ = std::move(preloads);
  ahead_.clear();
}

void ModuleRun::run_ahead() {
  const std::vector<LevelOrder> orders = orders_ahead();
  LevelChildren::Answers answers = children_.run(orders, [&](const auto& so_far) { return goes_well(so_far); });
  for (std::size_t i = 0; i < orders.size(); ++i) {
    std::optional<Told>& answer = answers[i];
    if (answer) ahead_.insert_or_assign(key(orders[i]), *std::move(answer));
  }
}

std::vector<Told> ModuleRun::tell(const std::vector<LevelOrder>& orders) {
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
  for (std::size_t i = 0; i < open.size(); ++i) {
    // Nothing stops the run: each has its answer.
    told[places[i]] = std::move(*answers[i]);  // NOLINT(bugprone-unchecked-optional-access)
  }
  return told;
}

Phase ModuleRun::judge(Level level, const Told& told) {
  Phase phase = phase_of(level_run(level), told.child, told.log);
  if (level == Level::warm) {
    leave_out_mains(phase.shared);
    // Main goes on using it, so a count of users never comes back to what it was: who writes, other levels tell.
    phase.changed.clear();
  }
  if ((phase.at_once || level == Level::warm) && level != Level::forced) leave_out_seen(phase.shared, seen_quietly_);
  if (!phase.at_once) seen_quietly_.insert(seen_quietly_.end(), phase.shared.begin(), phase.shared.end());
  if (level == Level::main) {
    raised_in_main_ = raised_in(told.log);
    failed_in_main_ = failed_tests_in(told.log);
  }
  for (const Preload& preload : preloads_) {
    if (!phase.detail.empty()) phase.detail += "; ";
    phase.detail += "with " + std::string(preload.module) + " imported into main first, because of " + preload.why;
  }
  return phase;
}

void ModuleRun::add_writers(Phase& phase, const Told& told, const Told& tracked) {
  add_tracked_writes(level_run(phase.level), told.log, tracked.log, phase);
  if (const std::string gap = tracking_gap(tracked.log); !gap.empty()) {
    notes_.insert(input_.module + ": the functions that write its memory are not all known: " + gap);
  }
}

std::vector<std::string> ModuleRun::refused_among(std::vector<std::string> names) const {
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
    names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(answers.size() + 1, names.size())));
  }
  return refused;
}

LevelRun ModuleRun::level_run(Level level) const {
  return {level, input_.module, children_.path(), interpreter_, raised_in_main_, failed_in_main_};
}

std::vector<LevelOrder> ModuleRun::orders_ahead() const {
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

bool ModuleRun::goes_well(const LevelChildren::Answers& answers) const {
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

}  // namespace isoaudit::loader_probe
