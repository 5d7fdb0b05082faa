#pragma once

#include <vector>

#include "rules/variables.h"

namespace isoaudit::rules {

/// What sources, runs and machine code say of variables of one kind; judge joins what speaks of the same one.
std::vector<model::Finding> variable_findings(const model::Facts& facts, VariableKind kind, model::Severity severity,
                                              const VariableWords& words);

}  // namespace isoaudit::rules
