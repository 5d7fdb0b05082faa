#include "analyzer/code/stack_arguments.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "analyzer/code/value.h"

namespace isoaudit::analyzer {
namespace {

/// Follows where the stack pointer and the frame pointer stand, on all ways through a function. Compilers let both
/// stand at one place wherever an instruction is reached from, so each is looked at once.
class StackWalk {
 public:
  StackWalk(const FunctionCode& function, const CallingConvention& convention)
      : function_(function), convention_(convention), seen_(function.instructions.size(), false) {}

  /// One bit for each.
  unsigned arguments() {
    const unsigned all = ~((1u << convention_.arguments.size()) - 1);
    const std::ptrdiff_t entry = function_.index_of(function_.begin);
    if (entry < 0 || function_.jumps_unknown) return all;
    open_.push_back({static_cast<std::size_t>(entry), 0, {}});
    while (!open_.empty()) {
      const Point point = open_.back();
      open_.pop_back();
      if (!go_on(point)) return all;
    }
    // Landing pads, and what is not reached at all.
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (!seen_[i] && names_stack(function_.instructions[i])) return all;
    }
    return touched_;
  }

 private:
  /// Before an instruction: counted from the stack pointer at entry.
  struct Point {
    std::size_t instruction = 0;
    std::int64_t stack = 0;
    /// None where the register holds something else.
    std::optional<std::int64_t> frame{};
  };

  bool is_frame(Register number) const {
    return number == convention_.stack_pointer || number == convention_.frame_pointer;
  }
  bool names_stack(const Instruction& instruction) const {
    return is_frame(instruction.src) || is_frame(instruction.memory.base) || is_frame(instruction.memory.index);
  }
  std::optional<std::int64_t> held_in(Register number, const Point& point) const {
    if (number == convention_.stack_pointer) return point.stack;
    return number == convention_.frame_pointer ? point.frame : std::nullopt;
  }
  bool is_above(std::int64_t place) const { return place >= convention_.first_on_stack; }

  /// False where it is not seen any more which arguments are touched.
  bool go_on(Point point) {
    const auto& all = function_.instructions;
    for (; point.instruction < all.size() && !seen_[point.instruction]; ++point.instruction) {
      seen_[point.instruction] = true;
      const Instruction& instruction = all[point.instruction];
      if (instruction.has_target && (instruction.op == Op::jump || instruction.is_branch())) {
        lead_to(instruction.target, point);
      } else if (instruction.op == Op::jump && !labels_led_to_) {
        // Once: hostile code has many such jumps, each to as many labels.
        labels_led_to_ = true;
        for (const std::uint64_t label : function_.labels) lead_to(label, point);
      }
      if (instruction.ends_block()) return true;
      if (!touches(instruction, point) || !moves(instruction, point)) return false;
      if (!function_.code_follows(point.instruction)) return true;
    }
    return true;
  }

  void lead_to(std::uint64_t address, const Point& from) {
    const std::ptrdiff_t target = function_.index_of(address);
    if (target < 0 || seen_[static_cast<std::size_t>(target)]) return;
    open_.push_back({static_cast<std::size_t>(target), from.stack, from.frame});
  }

  /// What it reads, writes or forms the address of.
  bool touches(const Instruction& instruction, const Point& point) {
    if (!instruction.has_memory) return true;
    const MemoryOperand& memory = instruction.memory;
    if (is_frame(memory.index) && held_in(memory.index, point)) return false;
    const std::optional<std::int64_t> base = held_in(memory.base, point);
    if (!base || !is_above(*base + memory.displacement)) return true;
    if (instruction.op == Op::address || memory.index != no_register || instruction.width == 0) return false;
    const std::int64_t first = (*base + memory.displacement - convention_.first_on_stack) / 8;
    const std::int64_t words = (instruction.width + 7) / 8 * (instruction.pair ? 2 : 1) + 1;
    for (std::int64_t word = first; word < first + words; ++word) {
      const std::int64_t number = word + static_cast<std::int64_t>(convention_.arguments.size());
      if (number < most_arguments) touched_ |= 1u << number;
    }
    return true;
  }

  /// Where both stand behind the instruction.
  bool moves(const Instruction& instruction, Point& point) const {
    std::optional<std::int64_t> made;
    switch (instruction.op) {
      case Op::call: return true;
      case Op::push: point.stack -= 8; return true;
      case Op::pop:
        point.stack += 8;
        if (instruction.dst == convention_.frame_pointer) point.frame.reset();
        return instruction.dst != convention_.stack_pointer;
      case Op::add:
        made = held_in(instruction.src, point);
        if (made && !instruction.has_immediate) return false;
        if (made) *made += instruction.immediate;
        break;
      case Op::address:
        made = held_in(instruction.memory.base, point);
        if (made && instruction.memory.index != no_register && is_frame(instruction.dst)) return false;
        if (made) *made += instruction.memory.displacement;
        break;
      case Op::copy:
        made = instruction.has_immediate ? std::nullopt : held_in(instruction.src, point);
        // Whoever counts from where the function begins reaches arguments through another register.
        if (made && !is_frame(instruction.dst) && *made >= 0) return false;
        break;
      case Op::store:
      case Op::compare:
      case Op::test: break;
      default:
        if (held_in(instruction.src, point) || held_in(instruction.src2, point)) return false;
        break;
    }
    if (made && is_above(*made) && !is_frame(instruction.dst)) return false;
    if (instruction.memory.writeback != 0 && instruction.memory.base == convention_.stack_pointer) {
      point.stack += instruction.memory.writeback;
      return true;
    }
    return keep(instruction, made, point);
  }

  bool keep(const Instruction& instruction, const std::optional<std::int64_t>& made, Point& point) const {
    if (instruction.replaces(convention_.stack_pointer)) {
      // "leave", before a return: both are its caller's.
      if (instruction.dst != convention_.stack_pointer) return returns_next(point);
      if (!made) return false;
      point.stack = *made;
    }
    if (instruction.replaces(convention_.frame_pointer)) {
      point.frame = instruction.dst == convention_.frame_pointer ? made : std::nullopt;
    }
    return true;
  }

  bool returns_next(const Point& point) const {
    const std::size_t next = point.instruction + 1;
    return next < function_.instructions.size() && function_.instructions[next].op == Op::result;
  }

  const FunctionCode& function_;
  const CallingConvention& convention_;
  unsigned touched_ = 0;
  bool labels_led_to_ = false;
  std::vector<bool> seen_;
  std::vector<Point> open_{};
};

}  // namespace

unsigned stack_arguments_of(const FunctionCode& function, const CallingConvention& convention) {
  return StackWalk(function, convention).arguments();
}

}  // namespace isoaudit::analyzer
