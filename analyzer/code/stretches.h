#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/code/function_code.h"
#include "analyzer/code/stack_positions.h"
#include "analyzer/code/stack_words.h"

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
  /// Some of them is marked.
  bool is_marked = false;
};

/// Where control goes through a function without a choice, and where it comes in. Kept from function to function, so
/// that its memory is asked for once; a stretch is looked at when it is first asked for.
class Stretches {
 public:
  /// Makes known where control comes in. The function and the convention stay as they are while they are asked of.
  void begin(const FunctionCode& function, const CallingConvention& convention);
  /// From now on stretches know which words of the stack they touch.
  void find_words_by(const StackPositions& positions);
  /// From now on these instructions are marked, and no others.
  void mark(const std::vector<std::uint32_t>& instructions);
  void give_room_back() { *this = {}; }

  /// The one that begins there; null where none does. Stays until the next is asked for.
  const Stretch* at(std::size_t instruction) {
    std::uint32_t& number = numbers_[instruction];
    if (number == unknown) number = number_of(static_cast<std::uint32_t>(instruction));
    return number == none ? nullptr : &stretches_[number];
  }
  /// Something in the function leads to the instruction, or callers do.
  bool is_target(std::size_t instruction) const { return is_target_[instruction] != 0; }
  bool is_marked(std::uint32_t instruction) const { return std::ranges::binary_search(marked_, instruction); }
  /// Where control comes in though nothing leads there; what fills the gap behind a jump is none.
  const std::vector<std::uint32_t>& landing_pads();

 private:
  static constexpr std::uint32_t unknown = 0, none = 1, first_number = 2;

  bool begins(std::uint32_t instruction) const;
  std::uint32_t number_of(std::uint32_t instruction);
  Stretch stretch_from(std::uint32_t instruction) const;
  std::uint32_t target_of(const Instruction& instruction) const;
  void note_words(Stretch& stretch) const;
  void note_marks(Stretch& stretch) const;
  void find_landing_pads();

  const FunctionCode* function_ = nullptr;
  const StackPositions* positions_ = nullptr;
  /// Registers that calls name and replace.
  std::uint64_t of_calls_ = 0;
  /// From first_number on.
  std::vector<Stretch> stretches_{};
  /// Of the stretch that begins with the instruction.
  std::vector<std::uint32_t> numbers_{};
  std::vector<std::uint8_t> is_target_{};
  std::vector<std::uint32_t> landing_pads_{};
  /// Sorted.
  std::vector<std::uint32_t> marked_{};
  bool landing_pads_found_ = false;
};

}  // namespace isoaudit::analyzer
