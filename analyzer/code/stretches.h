#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/code/function_code.h"
#include "analyzer/code/stack_positions.h"

namespace isoaudit::analyzer {

/// Instructions that control goes through from the first to the last one, and what they have to do with. The last one
/// may be a branch or a jump inside the function; what else ends a block belongs to none.
struct Stretch {
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
  std::uint32_t first = 0, last = 0;  ///< last: one past
  /// Where control goes on: the target of the branch or jump, what comes behind it.
  std::uint32_t target = nowhere, next = nowhere;
  /// Registers that some of them names or replaces.
  std::uint64_t registers = 0;
  /// Words of the stack that some of them touches, as words_of_stack has them.
  std::uint64_t words = 0;
  bool calls = false;
};

/// Words of the stack of which some part lies there, one bit for all that are a multiple of 64 words apart.
std::uint64_t words_of_stack(std::int64_t place, std::int64_t bytes);

/// Where control goes through a function without a choice, and where it comes in. Kept from function to function, so
/// that its memory is asked for once.
class Stretches {
 public:
  /// Makes known where control comes in.
  void begin(const FunctionCode& function);
  /// After that, of the same function: where it goes through.
  void find(const FunctionCode& function, const CallingConvention& convention);
  /// After that: which words of the stack they touch.
  void note_words(const FunctionCode& function, const StackPositions& positions);
  void give_room_back() { *this = {}; }

  /// The one that begins there; null where none does.
  const Stretch* at(std::size_t instruction) const {
    const std::uint32_t number = numbers_[instruction];
    return number == 0 ? nullptr : &stretches_[number - 1];
  }
  /// Something in the function leads to the instruction, or callers do.
  bool is_target(std::size_t instruction) const { return is_target_[instruction] != 0; }
  /// Where control comes in though nothing leads there; what fills the gap behind a jump is none.
  const std::vector<std::uint32_t>& landing_pads(const FunctionCode& function);

 private:
  void find_landing_pads(const FunctionCode& function);

  std::vector<Stretch> stretches_{};
  /// Of the stretch that begins with the instruction, and 1 more.
  std::vector<std::uint32_t> numbers_{};
  std::vector<std::uint8_t> is_target_{};
  /// Of each outward instruction where it leads inside, see Stretch::target.
  std::vector<std::uint32_t> targets_{};
  std::vector<std::uint32_t> landing_pads_{};
  bool landing_pads_found_ = false;
};

}  // namespace isoaudit::analyzer
