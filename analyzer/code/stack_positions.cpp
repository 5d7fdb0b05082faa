#include "analyzer/code/stack_positions.h"

#include <algorithm>
#include <utility>

namespace isoaudit::analyzer {

bool StackPositions::find(const FunctionCode& function, const CallingConvention& convention) {
  function_ = &function, convention_ = &convention;
  realigned_ = labels_led_to_ = false;
  at_calls_ = {};
  positions_.assign(function.instructions.size(), {});
  open_.clear();
  const std::ptrdiff_t entry = function.index_of(function.begin);
  if (entry < 0 || function.jumps_unknown) return false;
  open_.push_back({static_cast<std::size_t>(entry), {.stack = 0}});
  if (!go_on_from_open()) return false;
  // Who catches an exception finds both as they were at the call.
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    if (is_reached(i)) continue;
    if (at_calls_.stack == nowhere) {
      if (function.instructions[i].names_frame) return false;
    } else if (!go_on({i, at_calls_}) || !go_on_from_open()) {
      return false;
    }
  }
  return true;
}

bool StackPositions::go_on_from_open() {
  while (!open_.empty()) {
    const Point point = open_.back();
    open_.pop_back();
    if (!go_on(point)) return false;
  }
  return true;
}

bool StackPositions::go_on(Point point) {
  const auto& all = function_->instructions;
  for (; point.instruction < all.size() && !is_reached(point.instruction); ++point.instruction) {
    positions_[point.instruction] = point.position;
    const Instruction& instruction = all[point.instruction];
    if (instruction.has_target && (instruction.op == Op::jump || instruction.is_branch())) {
      lead_to(instruction.target, point.position);
    } else if (instruction.op == Op::jump && !labels_led_to_) {
      // Once: hostile code has many such jumps, each to as many labels.
      labels_led_to_ = true;
      for (const std::uint64_t label : function_->labels) lead_to(label, point.position);
    }
    if (instruction.op == Op::call) note_call(point.position);
    if (instruction.ends_block()) return true;
    if (instruction.names_frame && !move(point.instruction, point.position)) return false;
    if (!function_->code_follows(point.instruction)) return true;
  }
  return true;
}

/// What a call has pushed is taken away before its exception is caught.
void StackPositions::note_call(const Position& position) {
  if (at_calls_.stack == nowhere) at_calls_ = position;
  at_calls_.stack = std::max(at_calls_.stack, position.stack);
  if (at_calls_.frame != position.frame) at_calls_.frame = nowhere;
}

void StackPositions::lead_to(std::uint64_t address, const Position& position) {
  const std::ptrdiff_t target = function_->index_of(address);
  if (target < 0 || is_reached(static_cast<std::size_t>(target))) return;
  open_.push_back({static_cast<std::size_t>(target), position});
}

/// No compiler's function goes as far as numbers do.
bool StackPositions::put(std::int64_t place, std::int32_t& into) {
  if (!std::in_range<std::int32_t>(place) || place == nowhere) return false;
  into = static_cast<std::int32_t>(place);
  return true;
}

/// Where both stand behind the instruction; false where that is not seen.
bool StackPositions::move(std::size_t number, Position& position) {
  const Instruction& instruction = function_->instructions[number];
  const bool to_frame = convention_->is_frame(instruction.dst);
  std::optional<std::int64_t> made;
  switch (instruction.op) {
    case Op::call: return true;
    case Op::push: return put(position.stack - std::int64_t{8}, position.stack);
    case Op::pop:
      if (instruction.dst == convention_->frame_pointer) position.frame = nowhere;
      return instruction.dst != convention_->stack_pointer && put(position.stack + std::int64_t{8}, position.stack);
    case Op::add:
      made = held_in(instruction.src, number);
      if (made && to_frame && !instruction.has_immediate) return false;
      if (made) *made += instruction.immediate;
      break;
    case Op::address:
      made = held_in(instruction.memory.base, number);
      if (made && to_frame && instruction.memory.index != no_register) return false;
      if (made) *made += instruction.memory.displacement;
      break;
    case Op::copy:
      if (!instruction.has_immediate) made = held_in(instruction.src, number);
      break;
    case Op::align:
      made = held_in(instruction.src, number);
      if (made) *made &= instruction.immediate;
      realigned_ = realigned_ || (made && to_frame);
      break;
    default: break;
  }
  if (instruction.memory.writeback != 0 && instruction.memory.base == convention_->stack_pointer) {
    return put(std::int64_t{position.stack} + instruction.memory.writeback, position.stack);
  }
  return replace(number, made, position);
}

bool StackPositions::replace(std::size_t number, const std::optional<std::int64_t>& made, Position& position) const {
  const Instruction& instruction = function_->instructions[number];
  if (instruction.replaces(convention_->stack_pointer)) {
    // "leave", before a return: both are its caller's.
    if (instruction.dst != convention_->stack_pointer) {
      return number + 1 < function_->instructions.size() && function_->instructions[number + 1].op == Op::result;
    }
    if (!made || !put(*made, position.stack)) return false;
  }
  if (instruction.replaces(convention_->frame_pointer)) {
    const bool stands = made && instruction.dst == convention_->frame_pointer;
    position.frame = nowhere;
    if (stands && !put(*made, position.frame)) return false;
  }
  return true;
}

}  // namespace isoaudit::analyzer
