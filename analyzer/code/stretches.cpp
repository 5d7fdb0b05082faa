#include "analyzer/code/stretches.h"

namespace isoaudit::analyzer {

void Stretches::begin(const FunctionCode& function, const CallingConvention& convention) {
  function_ = &function, positions_ = nullptr;
  of_calls_ = convention.clobbered | register_bit(convention.result);
  for (const Register argument : convention.arguments) of_calls_ |= register_bit(argument);
  landing_pads_found_ = false;
  marked_.clear();
  numbers_.assign(function.instructions.size(), unknown);
  stretches_.assign(first_number, {});
  is_target_.assign(function.instructions.size(), 0);
  const auto mark = [&](std::uint64_t address) {
    if (const std::ptrdiff_t index = function.index_of(address); index >= 0) {
      is_target_[static_cast<std::size_t>(index)] = 1;
    }
  };
  mark(function.begin);
  for (const std::uint64_t label : function.labels) mark(label);
  for (const std::uint32_t number : function.outward) {
    const Instruction& instruction = function.instructions[number];
    if (instruction.has_target && instruction.op != Op::call) mark(instruction.target);
  }
}

void Stretches::find_words_by(const StackPositions& positions) {
  positions_ = &positions;
  for (Stretch& stretch : stretches_) note_words(stretch);
}

void Stretches::mark(const std::vector<std::uint32_t>& instructions) {
  marked_ = instructions;
  std::ranges::sort(marked_);
  for (Stretch& stretch : stretches_) note_marks(stretch);
}

void Stretches::note_marks(Stretch& stretch) const {
  const auto from = std::ranges::lower_bound(marked_, stretch.first);
  stretch.is_marked = from != marked_.end() && *from < stretch.last;
}

void Stretches::note_words(Stretch& stretch) const {
  for (std::uint32_t i = stretch.first; i < stretch.last; ++i) {
    if (const auto access = positions_->access_of(i, function_->instructions[i])) {
      stretch.words |= words_of_stack(access->place, access->bytes);
    }
  }
}

bool Stretches::begins(std::uint32_t instruction) const {
  if (instruction == 0 || is_target(instruction)) return true;
  const Instruction& before = function_->instructions[instruction - 1];
  return before.is_branch() || before.ends_block() || !function_->code_follows(instruction - 1);
}

std::uint32_t Stretches::number_of(std::uint32_t instruction) {
  if (!begins(instruction)) return none;
  const Stretch stretch = stretch_from(instruction);
  if (stretch.last == stretch.first) return none;
  stretches_.push_back(stretch);
  return static_cast<std::uint32_t>(stretches_.size() - 1);
}

/// Where a branch or jump leads inside the function.
std::uint32_t Stretches::target_of(const Instruction& instruction) const {
  const std::ptrdiff_t index = instruction.has_target ? function_->index_of(instruction.target) : -1;
  return index < 0 ? Stretch::nowhere : static_cast<std::uint32_t>(index);
}

Stretch Stretches::stretch_from(std::uint32_t first) const {
  const auto& all = function_->instructions;
  Stretch stretch{.first = first, .last = first};
  for (std::uint32_t i = first; i < all.size() && (i == first || !is_target(i)); ++i) {
    const Instruction& instruction = all[i];
    const bool jumps = instruction.op == Op::jump, leads = jumps || instruction.is_branch();
    if (!jumps && (instruction.ends_block() || !function_->code_follows(i))) break;
    if (leads) stretch.target = target_of(instruction);
    if (leads && stretch.target == Stretch::nowhere) break;
    stretch.last = i + 1;
    stretch.next = jumps ? Stretch::nowhere : i + 1;
    stretch.registers |= registers_read(instruction) | registers_replaced(instruction);
    if (instruction.op == Op::call) {
      stretch.registers |= of_calls_;
      stretch.calls = true;
    }
    if (leads) break;
  }
  if (positions_ != nullptr) note_words(stretch);
  note_marks(stretch);
  return stretch;
}

const std::vector<std::uint32_t>& Stretches::landing_pads() {
  if (!landing_pads_found_) find_landing_pads();
  landing_pads_found_ = true;
  return landing_pads_;
}

void Stretches::find_landing_pads() {
  const auto& all = function_->instructions;
  landing_pads_.clear();
  bool comes_in = true;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (i > 0 && (all[i - 1].ends_block() || !function_->code_follows(i - 1))) comes_in = false;
    if (is_target_[i] != 0) comes_in = true;
    const bool fills = all[i].op == Op::stop || (all[i].op == Op::other && all[i].clobbers == 0);
    if (comes_in || fills) continue;
    landing_pads_.push_back(i);
    comes_in = true;
  }
}

}  // namespace isoaudit::analyzer
