#pragma once

#include "model/binary_facts.h"
#include "model/report.h"

namespace isoaudit::rules {

/// The table of the variables that a module's machine code writes, by place.
model::CodeReport code_report(const model::BinaryFacts& binary);

}  // namespace isoaudit::rules
