#include "analyzer/code/page_uses.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

/// Compilers put the second half close to the first.
constexpr std::size_t longest_way = 32;

bool leaves_block(const Instruction& instruction) {
  return instruction.ends_block() || instruction.op == Op::call || instruction.is_branch();
}

/// What was there before stays in it, in part.
bool changes_in_place(const Instruction& instruction, Register page) {
  const Op op = instruction.op;
  return instruction.dst == page && op != Op::load && op != Op::add && op != Op::copy && op != Op::address;
}

/// False when the instruction does anything with the page but to complete an address.
bool note_use(const Instruction& instruction, Register page, std::uint64_t begin, std::vector<PageUse>& uses) {
  const MemoryOperand& memory = instruction.memory;
  const bool as_second = instruction.src2 == page && !instruction.loads_second();
  if (as_second || (instruction.has_memory && memory.index == page) || changes_in_place(instruction, page))
    return false;
  if (instruction.has_memory && memory.base == page) {
    if (instruction.op != Op::load || memory.index != no_register || memory.writeback != 0) return false;
    uses.push_back({begin + static_cast<std::uint64_t>(memory.displacement), std::max(instruction.bytes(), 1u)});
  }
  if (instruction.src != page) return true;
  if (instruction.op != Op::add || !instruction.has_immediate || instruction.src2 != no_register) return false;
  uses.push_back({begin + static_cast<std::uint64_t>(instruction.immediate)});
  return true;
}

}  // namespace

bool forms_page(const Instruction& instruction) {
  return instruction.op == Op::address && instruction.names_address() && instruction.dst < first_vector &&
         static_cast<std::uint64_t>(instruction.memory.displacement) % page_size == 0;
}

bool find_page_uses(const FunctionCode& function, std::size_t number, std::vector<PageUse>& uses) {
  uses.clear();
  const auto& all = function.instructions;
  const Register page = all[number].dst;
  const auto begin = static_cast<std::uint64_t>(all[number].memory.displacement);
  const std::size_t end = std::min(all.size(), number + longest_way);
  for (std::size_t i = number + 1; i < end && all[i].address == all[i - 1].next(); ++i) {
    if (leaves_block(all[i]) || !note_use(all[i], page, begin, uses)) return false;
    if (all[i].replaces(page)) return true;
  }
  return false;
}

}  // namespace isoaudit::analyzer
