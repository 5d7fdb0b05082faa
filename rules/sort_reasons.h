#pragma once

#include <vector>

#include "model/finding.h"

namespace isoaudit::rules {

/// Orders the reasons of each finding: those of one collector together, as they stand in the source, the finding's own
/// file first; last what has no place: what leads there, and what is not listed.
void sort_reasons(std::vector<model::Finding>& findings);

}  // namespace isoaudit::rules
