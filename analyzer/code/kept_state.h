#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "analyzer/code/state.h"

namespace isoaudit::analyzer {

/// A StackSlot in three words: most of what is kept are these. Of places that are farther away nothing is kept, which
/// no compiler's function has.
struct KeptSlot {
  std::int32_t offset = 0, width = 0;
  Value value{};
};
/// Of most blocks of a loop the same is known: few of them write to the stack.
using SharedStack = std::shared_ptr<const std::vector<KeptSlot>>;

/// A state that waits until its block is looked at again, in less memory: of most registers nothing is known.
class KeptState {
 public:
  /// `likely`: what is known of the stack may be the same as one of those.
  void keep(const State& state, std::span<const SharedStack> likely);
  void restore(State& state) const;
  /// It is certain that joining `other` changes nothing.
  bool covers(const State& other) const;
  const SharedStack& stack() const { return stack_; }

 private:
  /// One bit for each general register that something is known of.
  std::uint32_t known_ = 0;
  std::uint32_t lock_ = 0;
  /// What is known of them, in order.
  std::vector<Value> values_{};
  /// Vector registers and flags, which are seldom known; null when neither are.
  struct Seldom {
    std::vector<std::pair<Register, Halves>> vectors{};
    Flags flags{};
  };
  std::unique_ptr<Seldom> seldom_{};
  SharedStack stack_{};
  std::int64_t escaped_ = std::numeric_limits<std::int64_t>::max();
  std::uint8_t lock_depth_ = 0;
};

}  // namespace isoaudit::analyzer
