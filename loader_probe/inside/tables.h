#pragma once

#include <cstdint>
#include <vector>

#include "loader_probe/inside/inventory.h"
#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

/// An object that a block of the C heap leads to.
struct LeadsTo {
  const Inventory* owner = nullptr;
  std::uintptr_t object = 0;
};

/// Follows the block at `address` and the blocks of the C heap that it points to, a few steps far. What is there, when
/// there are objects of some interpreters that have the module and none of another one that has it, too: a table that
/// one fills for all. A table with a row for each has something of everybody. Nothing is followed from one object to
/// the next: what an object refers to is its interpreter's own affair.
std::vector<LeadsTo> one_sided_table(std::uintptr_t address, const std::vector<Inventory>& inventories,
                                     const std::vector<ImageRange>& heap);

/// Bytes of the block that malloc gave out at `address`; 0 when none begins there.
std::size_t malloc_block(std::uintptr_t address, const std::vector<ImageRange>& heap);

}  // namespace isoaudit::inside
