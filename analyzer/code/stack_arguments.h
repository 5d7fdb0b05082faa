#pragma once

#include "analyzer/code/decoder.h"
#include "analyzer/code/function_code.h"
#include "analyzer/code/stack_positions.h"

namespace isoaudit::analyzer {

/// Which arguments the function may take for which its callers had no register left, by their numbers, one bit each:
/// what it touches on the stack above where it begins. All of them where that is not seen. Most functions take none,
/// and their callers' own variables lie there.
/// `scratch`: room that is used again for the next.
unsigned stack_arguments_of(const FunctionCode& function, const CallingConvention& convention, StackPositions& scratch);

}  // namespace isoaudit::analyzer
