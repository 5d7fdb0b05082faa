#pragma once

#include <vector>

#include "model/facts.h"
#include "model/report.h"

namespace isoaudit::rules {

/// The verdict of one compiled module for one interpreter (design.md "Verdicts"). `run` is null when it was not run.
/// `against` are the findings above advice that speak of this module under this interpreter: with any of them a clean
/// run is `suspect`. `isolated` is said only when the module declares own-GIL support, ran clean at every level, its
/// machine code was read, and no finding above advice is left.
model::Verdict verdict_for(const model::Facts& facts, const model::BinaryFacts& binary,
                           const model::Interpreter& interpreter, const model::RunFacts* run,
                           const std::vector<model::Finding>& against);

}  // namespace isoaudit::rules
