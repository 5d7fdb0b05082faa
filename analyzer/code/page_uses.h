#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/code/function_code.h"

namespace isoaudit::analyzer {

/// Of what `adrp` forms the address of, in bytes.
constexpr std::uint64_t page_size = 4096;

/// What AArch64 code makes of a page's address, which it forms first.
struct PageUse {
  std::uint64_t address = 0;
  /// How many bytes are loaded from there; 0 when the address itself is put together.
  unsigned loads = 0;
};

/// Forms the address of a page, which says little by itself.
bool forms_page(const Instruction& instruction);
/// All that becomes of the page that instruction number `number` forms, when the next few instructions show it: the
/// register is replaced before control goes elsewhere, and until then only completes addresses. False when something
/// else may come of it, a store too.
bool find_page_uses(const FunctionCode& function, std::size_t number, std::vector<PageUse>& uses);

}  // namespace isoaudit::analyzer
