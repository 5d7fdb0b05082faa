#pragma once

#include <vector>

#include "model/facts.h"
#include "model/finding.h"
#include "rules/variables.h"

namespace isoaudit::rules {

/// Findings for variables that the machine code of modules which declare own-GIL support writes: of the others it would
/// list every global. One for each variable, under the rule that what is stored tells. Left out: atomic stores, ELF and
/// C++ constructors, and variables that the source knows to be harmless.
std::vector<model::Finding> code_findings(const model::Facts& facts, VariableKind kind, model::Severity severity,
                                          const VariableWords& words);

}  // namespace isoaudit::rules
