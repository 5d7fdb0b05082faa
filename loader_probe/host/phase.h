#pragma once

#include <string>
#include <vector>

#include "loader_probe/host/child_process.h"
#include "loader_probe/host/event_log.h"
#include "model/python_version.h"
#include "model/run_facts.h"

namespace isoaudit::loader_probe {

/// What one level was run with.
struct LevelRun {
  model::Level level = model::Level::main;
  std::string module{};
  std::string path{};
  model::Interpreter interpreter{};
  /// What the exercise raised in the main interpreter: the same elsewhere is no fault.
  std::vector<std::string> raised_in_main{};
  /// Likewise the tests that failed there.
  std::vector<model::FailedTest> failed_in_main{};
};

/// Judges nothing about the module: says how the child ended and what it told.
model::Phase phase_of(const LevelRun& run, const ChildResult& child, const EventLog& log);

/// Leaves in `found` what `seen` does not have in the same place, whoever owns it; an object that was freed, so that
/// only its block is found, is the same thing.
void leave_out_seen(std::vector<model::SharedObject>& found, const std::vector<model::SharedObject>& seen);

/// Adds to a phase what a child with tracked writes (event `written`) tells of the same steps: who wrote. `log` is the
/// phase's own.
void add_tracked_writes(const LevelRun& run, const EventLog& log, const EventLog& tracked, model::Phase& phase);

/// "RuntimeError: no luck, caused by ImportError: module x ..."; from an `import` event's chain.
std::string describe_chain(const llvm::json::Array* chain);

/// What the exercise raised, over all interpreters of the log.
std::vector<std::string> raised_in(const EventLog& log);
/// Which tests failed, over all interpreters of the log; sorted, each once.
std::vector<model::FailedTest> failed_tests_in(const EventLog& log);

}  // namespace isoaudit::loader_probe
