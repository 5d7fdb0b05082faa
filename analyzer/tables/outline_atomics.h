#pragma once

#include <optional>
#include <string_view>

namespace isoaudit::analyzer {

/// A function that GCC and Clang call on AArch64 for one atomic instruction (GCC's -moutline-atomics, libgcc's lse.S):
/// it has the same effect on every processor.
struct OutlineAtomic {
  enum class Kind { compare_and_swap, swap, changes } kind = Kind::changes;
  /// Bytes.
  unsigned width = 0;
  /// Which argument points to the memory. The one before it is what is stored, or what the number is changed by.
  unsigned place = 1;
};

/// "__aarch64_cas1_acq" → what it does; nothing for all other names.
std::optional<OutlineAtomic> outline_atomic(std::string_view function);

}  // namespace isoaudit::analyzer
