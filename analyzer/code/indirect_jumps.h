#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/code/function_code.h"

namespace isoaudit::analyzer {

/// A `switch` through a table of distances: the code is at `base` plus an entry, shifted. With entries of eight bytes:
/// at what the entry points to.
struct JumpTable {
  std::uint64_t table = 0, base = 0;
  /// Number of the instruction that jumps.
  std::uint32_t jump = 0;
  /// Of an entry, in bytes.
  std::uint8_t width = 4;
  std::uint8_t shift = 0;
  bool is_signed = false;
  /// Entries, from the comparison before the jump; 0 when there is none.
  unsigned count = 0;

  bool operator==(const JumpTable&) const = default;
};

/// What a function's jumps to where a register or memory says are.
struct IndirectJumps {
  std::vector<JumpTable> tables{};
  /// One is neither through such a table nor a call at the function's end.
  bool others = false;
};

/// Sorted places in code that the image's memory points to.
class CodePointers {
 public:
  explicit CodePointers(const Image& image);
  /// One points into the function, elsewhere than to its beginning.
  bool any_in(const FunctionCode& code) const;

 private:
  std::vector<std::uint64_t> targets_{};
};

/// In the order of the instructions, without looking at where control goes: compilers load a table's place close to its
/// use or keep it in a register. `pointers`: without it no jump is known to be a call.
IndirectJumps find_indirect_jumps(const Image& image, const FunctionCode& code, const CodePointers* pointers);

}  // namespace isoaudit::analyzer
