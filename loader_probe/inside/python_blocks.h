#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

/// A block of at most 512 bytes that Python's own allocator gave out and did not get back (PyMem_Malloc,
/// PyObject_Malloc): memory of one interpreter, where each has its own allocator.
struct PythonBlock {
  /// Bytes that were asked for, where the allocator's debug mode noted them; else of its size class.
  std::size_t size = 0;
  /// The pool that it lies in: all of a pool's blocks are one interpreter's.
  ImageRange pool{};
};

/// The block that begins at `address`, when one does. `readable` is sorted: nothing else is looked at. Pointers into
/// the middle of a block are none, and neither are blocks of the C library.
std::optional<PythonBlock> python_block_at(std::uintptr_t address, const std::vector<ImageRange>& readable);

}  // namespace isoaudit::inside
