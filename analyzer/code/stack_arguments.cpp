#include "analyzer/code/stack_arguments.h"

#include <cstdint>
#include <optional>

#include "analyzer/code/value.h"

namespace isoaudit::analyzer {
namespace {

class ArgumentReader {
 public:
  ArgumentReader(const FunctionCode& function, const CallingConvention& convention, const StackPositions& positions)
      : function_(function), convention_(convention), positions_(positions) {}

  /// One bit for each; none where it is not seen which.
  std::optional<unsigned> arguments() {
    for (std::size_t i = 0; i < function_.instructions.size(); ++i) {
      const bool names = function_.instructions[i].names_frame;
      if (names && positions_.is_reached(i) && (!touches(i) || !stays_below(i))) return std::nullopt;
    }
    return touched_;
  }

 private:
  bool is_above(std::int64_t place) const { return place >= convention_.first_on_stack; }

  /// What it reads, writes or forms the address of; false where it is not seen which arguments those are.
  bool touches(std::size_t number) {
    const Instruction& instruction = function_.instructions[number];
    if (!instruction.has_memory || instruction.ends_block()) return true;
    const MemoryOperand& memory = instruction.memory;
    if (positions_.held_in(memory.index, number)) return false;
    const std::optional<std::int64_t> base = positions_.held_in(memory.base, number);
    if (!base || !is_above(*base + memory.displacement)) return true;
    if (instruction.op == Op::address || memory.index != no_register || instruction.width == 0) return false;
    const std::int64_t first = (*base + memory.displacement - convention_.first_on_stack) / 8;
    const std::int64_t words = (instruction.width + 7) / 8 * (instruction.pair ? 2 : 1) + 1;
    for (std::int64_t word = first; word < first + words; ++word) {
      const std::int64_t argument = word + static_cast<std::int64_t>(convention_.arguments.size());
      if (argument < most_arguments) touched_ |= 1u << argument;
    }
    return true;
  }

  /// No other register gets a place from which arguments are counted.
  bool stays_below(std::size_t number) const {
    const Instruction& instruction = function_.instructions[number];
    const bool to_other = !convention_.is_frame(instruction.dst);
    const auto from = [&](Register source) { return positions_.held_in(source, number); };
    switch (instruction.op) {
      case Op::call:
      case Op::push:
      case Op::pop:
      case Op::store:
      case Op::compare:
      case Op::test:
      case Op::jump:
      case Op::stop:
      case Op::result: return true;
      case Op::add: {
        const std::optional<std::int64_t> source = from(instruction.src);
        return !source || (instruction.has_immediate && (!to_other || !is_above(*source + instruction.immediate)));
      }
      case Op::address: {
        const std::optional<std::int64_t> base = from(instruction.memory.base);
        return !base || !to_other || !is_above(*base + instruction.memory.displacement);
      }
      // Whoever counts from where the function begins reaches arguments through another register.
      case Op::copy: return instruction.has_immediate || !to_other || from(instruction.src).value_or(-1) < 0;
      default: return !from(instruction.src) && !from(instruction.src2);
    }
  }

  const FunctionCode& function_;
  const CallingConvention& convention_;
  const StackPositions& positions_;
  unsigned touched_ = 0;
};

}  // namespace

unsigned stack_arguments_of(const FunctionCode& function, const CallingConvention& convention,
                            StackPositions& positions) {
  const unsigned all = ~((1u << convention.arguments.size()) - 1);
  if (!positions.find(function, convention) || positions.is_realigned()) return all;
  return ArgumentReader(function, convention, positions).arguments().value_or(all);
}

}  // namespace isoaudit::analyzer
