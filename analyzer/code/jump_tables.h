#pragma once

#include "analyzer/code/function_code.h"
#include "analyzer/code/indirect_jumps.h"

namespace isoaudit::analyzer {

/// A jump to where a register or an indexed table says: a `switch`, a computed goto, or a call at a function's end.
bool goes_through_table(const Instruction& instruction);

/// Fills in `labels`, `table_ways`, `labels_elsewhere` and `jumps_unknown`. A label too many costs certainty, never a
/// store. `pointers`: see find_indirect_jumps.
void find_labels(const Image& image, FunctionCode& code, const CodePointers* pointers);

}  // namespace isoaudit::analyzer
