#pragma once

#include <string>
#include <vector>

#include "model/gap.h"

namespace isoaudit::reports {

/// One line for each gap, indented. Units that lack one header, and inputs of one reason, are one line when they are
/// more than a few; `all` writes out each.
std::string gap_lines(const std::vector<model::Gap>& gaps, bool all);

}  // namespace isoaudit::reports
