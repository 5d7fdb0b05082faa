#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "loader_probe/host/level_child.h"
#include "loader_probe/host/phase.h"
#include "model/run_facts.h"

namespace isoaudit::loader_probe {

/// What can still matter once one isolated interpreter has answered, in the order in which it is judged.
std::vector<model::Level> levels_after(bool refused, bool imports);

/// Compiled modules that a level imported, `audited` left out: what was imported last comes first.
std::vector<std::string> imported_extensions(const EventLog& log, const std::string& audited);

/// The levels of one module. Children may run at the same time; what they told is judged in the order of the levels,
/// since one level's findings are left out of the next. Keeps references to what it is made with.
class ModuleRun {
 public:
  ModuleRun(const ProbeInput& input, const model::Interpreter& interpreter, const ProbeOptions& options,
            std::string library);

  void import_by_path();
  void use_carefully(bool carefully);
  /// From now on main imports these before any sub-interpreter is made.
  void preload(std::vector<Preload> preloads);

  LevelOrder order(model::Level level) const;
  LevelOrder order(const char* word) const { return {word, preloads_}; }

  /// Where cores are idle otherwise: what will be asked for when all goes as it mostly does is run with main and the
  /// isolated level, not after them. As soon as their answers say otherwise, nothing more is begun.
  void run_ahead();
  /// One answer for each order; what ran ahead is not run again.
  std::vector<Told> tell(const std::vector<LevelOrder>& orders);

  model::Phase judge(model::Level level, const Told& told);
  /// `tracked` did the same steps in a child of its own: how that one ended says nothing about the module, since a
  /// system call that fills tracked memory fails there.
  void add_writers(model::Phase& phase, const Told& told, const Told& tracked);

  /// Which of these modules is refused in an isolated interpreter for its own sake.
  std::vector<std::string> refused_among(std::vector<std::string> names) const;

  void note(const std::string& text) { notes_.insert(input_.module + ": " + text); }
  /// How the evidence was gathered, where that is not as usual.
  const std::set<std::string>& notes() const { return notes_; }

 private:
  std::vector<LevelOrder> orders_ahead() const;
  bool goes_well(const LevelChildren::Answers& answers) const;
  LevelRun level_run(model::Level level) const;

  LevelChildren children_;
  const ProbeInput& input_;
  const model::Interpreter& interpreter_;
  std::vector<std::string> raised_in_main_{};
  std::vector<model::FailedTest> failed_in_main_{};
  std::vector<model::SharedObject> seen_quietly_{};
  std::vector<Preload> preloads_{};
  std::map<std::string, Told> ahead_{};
  std::set<std::string> notes_{};
};

}  // namespace isoaudit::loader_probe
