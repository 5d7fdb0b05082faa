#include "analyzer/code/stretches.h"

namespace isoaudit::analyzer {

std::uint64_t words_of_stack(std::int64_t place, std::int64_t bytes) {
  constexpr std::int64_t all = 64;
  const std::int64_t first = place >> 3, last = (place + bytes - 1) >> 3;
  if (last - first >= all) return ~std::uint64_t{0};
  std::uint64_t words = 0;
  for (std::int64_t word = first; word <= last; ++word) words |= std::uint64_t{1} << (word & (all - 1));
  return words;
}

void Stretches::find(const FunctionCode& function, const CallingConvention& convention) {
  std::uint64_t of_calls = convention.clobbered | register_bit(convention.result);
  for (const Register argument : convention.arguments) of_calls |= register_bit(argument);
  const auto& all = function.instructions;
  stretches_.clear();
  numbers_.assign(all.size(), 0);
  auto outward = function.outward.begin();
  Stretch stretch;
  const auto close = [&] {
    if (stretch.last == stretch.first) return;
    stretches_.push_back(stretch);
    numbers_[stretch.first] = static_cast<std::uint32_t>(stretches_.size());
  };
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const Instruction& instruction = all[i];
    while (outward != function.outward.end() && *outward < i) ++outward;
    const bool is_outward = outward != function.outward.end() && *outward == i;
    const std::uint32_t target =
        is_outward ? targets_[static_cast<std::size_t>(outward - function.outward.begin())] : Stretch::nowhere;
    const bool leads = instruction.op == Op::jump || instruction.is_branch();
    const bool leads_on = leads ? target != Stretch::nowhere && (instruction.op == Op::jump || function.code_follows(i))
                                : !instruction.ends_block() && function.code_follows(i);
    if (is_target_[i] != 0) {
      close();
      stretch = {.first = i, .last = i};
    }
    if (leads_on) {
      stretch.last = i + 1;
      stretch.next = instruction.op == Op::jump ? Stretch::nowhere : i + 1;
      stretch.registers |= registers_read(instruction) | registers_replaced(instruction);
      if (instruction.op == Op::call) {
        stretch.registers |= of_calls;
        stretch.calls = true;
      }
      if (!leads) continue;
      stretch.target = target;
    }
    close();
    stretch = {.first = i + 1, .last = i + 1};
  }
  close();
}

void Stretches::begin(const FunctionCode& function) {
  landing_pads_found_ = false;
  is_target_.assign(function.instructions.size(), 0);
  const auto mark = [&](std::uint64_t address) {
    const std::ptrdiff_t index = function.index_of(address);
    if (index < 0) return Stretch::nowhere;
    is_target_[static_cast<std::size_t>(index)] = 1;
    return static_cast<std::uint32_t>(index);
  };
  mark(function.begin);
  for (const std::uint64_t label : function.labels) mark(label);
  targets_.clear();
  for (const std::uint32_t number : function.outward) {
    const Instruction& instruction = function.instructions[number];
    const bool leads = instruction.has_target && instruction.op != Op::call;
    targets_.push_back(leads ? mark(instruction.target) : Stretch::nowhere);
  }
}

const std::vector<std::uint32_t>& Stretches::landing_pads(const FunctionCode& function) {
  if (!landing_pads_found_) find_landing_pads(function);
  landing_pads_found_ = true;
  return landing_pads_;
}

void Stretches::find_landing_pads(const FunctionCode& function) {
  const auto& all = function.instructions;
  landing_pads_.clear();
  bool comes_in = true;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (i > 0 && (all[i - 1].ends_block() || !function.code_follows(i - 1))) comes_in = false;
    if (is_target_[i] != 0) comes_in = true;
    const bool fills = all[i].op == Op::stop || (all[i].op == Op::other && all[i].clobbers == 0);
    if (comes_in || fills) continue;
    landing_pads_.push_back(i);
    comes_in = true;
  }
}

void Stretches::note_words(const FunctionCode& function, const StackPositions& positions) {
  for (Stretch& stretch : stretches_) {
    for (std::size_t i = stretch.first; i < stretch.last; ++i) {
      if (const auto access = positions.access_of(i, function.instructions[i])) {
        stretch.words |= words_of_stack(access->place, access->bytes);
      }
    }
  }
}

}  // namespace isoaudit::analyzer
