#pragma once

#include <vector>

#include "model/finding.h"

namespace isoaudit::rules {

/// One finding for one thing: what source, binary, code and run say about the same variable, hook or function becomes
/// one finding with all their reasons. The source's rule and words win over the run's, the run's over the binary's,
/// since the source can tell most about a variable. Variables of one name meet only when nothing else could be meant.
/// Where the source was not seen whole (`source_is_whole`), its reasons why a write does no harm count for nothing
/// against what the machine code shows.
std::vector<model::Finding> join(std::vector<model::Finding> findings, bool source_is_whole = true);

}  // namespace isoaudit::rules
