#pragma once

#include <vector>

#include "loader_probe/host/event_log.h"
#include "model/run_facts.h"

namespace isoaudit::loader_probe {

/// What every interpreter after the first left behind (event `left`), beyond what one without the module leaves. A
/// trend needs three of them; one difference is none. `count_blocks`: this version's interpreters free their own.
/// Sorted.
std::vector<model::Leak> find_leaks(const EventLog& log, bool count_blocks);

}  // namespace isoaudit::loader_probe
