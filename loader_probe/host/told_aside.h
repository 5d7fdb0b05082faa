#pragma once

#include <string>
#include <vector>

#include "loader_probe/host/event_log.h"
#include "model/run_facts.h"

/// What a child tells beside how it ended and what its memory holds.
namespace isoaudit::loader_probe {

/// Sorted.
std::vector<model::ForeignThread> find_foreign_threads(const EventLog& log);

/// One line for each count of references that moved in an interpreter that rested; sorted.
std::vector<std::string> find_disturbed(const EventLog& log);

/// Where the time went; nothing when the child did not come to its end.
std::vector<model::StepTime> find_times(const EventLog& log);

}  // namespace isoaudit::loader_probe
