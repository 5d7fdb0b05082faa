#pragma once

#include <string>
#include <vector>

#include "model/binary_facts.h"
#include "model/finding.h"
#include "model/run_facts.h"

namespace isoaudit::rules {

/// What the run would have to call to see these findings' variables written: "method `lookup` writes `cache` and was
/// not called". Of the machine code's writes, those in calls that no step of the run made. Empty when there are none.
std::string not_exercised(const model::BinaryFacts& binary, const model::RunFacts& run,
                          const std::vector<model::Finding>& against);

}  // namespace isoaudit::rules
