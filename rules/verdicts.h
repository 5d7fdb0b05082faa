#pragma once

#include <vector>

#include "model/facts.h"
#include "model/report.h"

namespace isoaudit::rules {

/// The verdict of one compiled module for one interpreter (design.md "Verdicts"). `run` is null when it was not run.
/// `isolated` is said only when the module declares own-GIL support, ran clean at every level, its machine code or its
/// source was read, and every write to a global in them is explained.
model::Verdict verdict_for(const model::Facts& facts, const model::BinaryFacts& binary,
                           const model::Interpreter& interpreter, const model::RunFacts* run);

}  // namespace isoaudit::rules
