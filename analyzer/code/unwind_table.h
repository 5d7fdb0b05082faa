#pragma once

#include <cstdint>
#include <functional>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// Calls `take` with begin and end of each function that an .eh_frame table covers (Linux Standard Base, "Exception
/// Frames"), in the table's order. Nothing but these two numbers is read, so that a table costs no more than its bytes;
/// a damaged one gives what was read before the damage.
void each_unwind_range(const Section& table, const std::function<void(std::uint64_t begin, std::uint64_t end)>& take);

}  // namespace isoaudit::analyzer
