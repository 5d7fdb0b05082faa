#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"
#include "model/source_facts.h"

namespace isoaudit::rules {

/// Why the writes of a variable do no harm (a lock, one constant, before anybody else can run, ...): a finding on it
/// sinks to advice. Empty: not explained.
std::string explain_writes(const model::Variable& variable);

/// The same for writes that source or machine code shows: `objects` when Python objects may be among what they store,
/// `words` the writes of each word of the variable, which no other word shares bytes with.
std::string explain_writes(const std::vector<std::vector<model::Write>>& words, bool objects);

/// Why what happens at these times alone meets no other interpreter: "in the main interpreter alone"; empty when it
/// may, or when nothing is known of the times.
std::string_view when_alone(const std::vector<model::Reached>& times);

/// All that is known of the times is that it never happens.
bool nothing_leads_to(const std::vector<model::Reached>& times);

/// "in calls".
const char* time_words(model::RunsWhen when);

/// The way that leads there at that time, as a reason.
model::Because reason_of_way(const model::Reached& way);

/// ", written by lookup() and clear(), in calls and at import"; empty when no function writes it.
std::string written_by(const model::Variable& variable);

/// One line of evidence for each write, and one way that leads to a write for each time at which that happens.
void add_writes(const model::Variable& variable, model::Finding& finding);

}  // namespace isoaudit::rules
