#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// What no table divides is read in pieces: an instruction takes a hundred bytes while its function is looked at.
constexpr std::uint64_t longest_function = 1 << 20;

struct FunctionRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  /// From a symbol table; empty in stripped files.
  std::string name{};
  /// An entry of an unwind table, all of it: a function, or the part of one that its compiler put elsewhere.
  bool unwound = false;
};

/// All executable bytes of an image, cut into functions: by unwind tables, the format's list of functions and symbols;
/// what neither covers (hand-written assembly, the C runtime's own) is a range too, so that nothing goes unread.
/// Sorted, never overlapping.
std::vector<FunctionRange> find_functions(const Image& image);

}  // namespace isoaudit::analyzer
