#pragma once

#include <vector>

#include "model/facts.h"
#include "model/finding.h"
#include "rules/variables.h"

namespace isoaudit::rules {

/// Findings for variables that machine code writes, where it was read: one for each variable, under the rule that what
/// is stored tells. Left out: what rules/code_variables explains, and variables that the source knows to be harmless.
std::vector<model::Finding> code_findings(const model::Facts& facts, VariableKind kind, model::Severity severity,
                                          const VariableWords& words);

}  // namespace isoaudit::rules
