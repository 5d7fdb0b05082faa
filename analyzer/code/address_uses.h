#pragma once

#include <cstdint>
#include <functional>

#include "analyzer/code/module_code.h"

namespace isoaudit::analyzer {

/// Calls `take` with every address that a function's instructions form or read from by themselves, calls and jumps to
/// it aside: `lea`, or the two instructions that AArch64 needs for it. `read`: the word at the address is loaded, not
/// the address itself. Of an address that is put together in a way that is not seen, `take_page` gets the page.
void each_address(const Image& image, const FunctionCode& function,
                  const std::function<void(std::uint64_t address, bool read)>& take,
                  const std::function<void(std::uint64_t page)>& take_page);

}  // namespace isoaudit::analyzer
