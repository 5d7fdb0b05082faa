#pragma once

#include <string>

#include "model/finding.h"
#include "model/source_facts.h"

namespace isoaudit::rules {

/// Why the writes of a variable do no harm (a lock, one constant, before anybody else can run, ...): a finding on it
/// sinks to advice. Empty: not explained.
std::string explain_writes(const model::Variable& variable);

/// ", written by lookup() and clear(), in calls and at import"; empty when no function writes it.
std::string written_by(const model::Variable& variable);

/// One line of evidence for each write, and one way that leads to a write for each time at which that happens.
void add_writes(const model::Variable& variable, model::Finding& finding);

}  // namespace isoaudit::rules
