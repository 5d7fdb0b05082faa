#pragma once

#include <string>
#include <vector>

#include "model/facts.h"
#include "model/finding.h"

namespace isoaudit::rules {

/// Joined findings that rest on machine code alone become few: one of each rule for a generator's own statics, and in
/// modules that do not declare own-GIL support, which no reader wants by the thousand, one of each rule for the rest.
/// The report's table of globals names them all.
std::vector<model::Finding> fold(std::vector<model::Finding> findings, const model::Facts& facts);

/// The columns that any of the group names; none where one of it holds for all.
std::vector<std::string> pythons_of(const std::vector<const model::Finding*>& group);

}  // namespace isoaudit::rules
