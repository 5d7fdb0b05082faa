#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/code/instruction.h"
#include "analyzer/code/value.h"
#include "analyzer/tables/parameters.h"

namespace isoaudit::analyzer {

/// What code does with a pointer that a word of the image's writable memory held: where that leads is known when all
/// functions were read.
struct HeldUse {
  std::size_t function = 0;  ///< its number
  std::uint64_t word = 0;
  std::string guard{};  ///< the lock that is held there, for people
};

struct HeldStore : HeldUse {
  Instruction instruction{};
  /// Where it writes in what the pointer leads to is not known.
  bool is_indexed = false;
  std::vector<Value> parts{};  ///< what it writes
};

struct HeldPass : HeldUse {
  std::uint64_t instruction = 0;  ///< its address
  Value callee{};                 ///< another module's function, or an address of the image
  unsigned argument = 0;
  ParameterUse use = ParameterUse::unknown;  ///< by another module's function
};

struct HeldUses {
  /// Who has more of them has to be gone through once more.
  static constexpr std::size_t most = 1 << 16;
  std::vector<HeldStore> stores{};
  std::vector<HeldPass> passes{};

  bool is_full() const { return stores.size() + passes.size() >= most; }
};

}  // namespace isoaudit::analyzer
