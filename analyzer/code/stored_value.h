#pragma once

#include <span>

#include "analyzer/code/module_code.h"
#include "model/binary_facts.h"

namespace isoaudit::analyzer {

/// Tells in the model's words what is stored: `value`, `stored` and `result_of` of `write`. `parts` are eight bytes
/// each, or what one narrower store writes; of several the one that says most counts.
void describe_stored(const ModuleCode& code, std::span<const Value> parts, model::CodeWrite& write);

}  // namespace isoaudit::analyzer
