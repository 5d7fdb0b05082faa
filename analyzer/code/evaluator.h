#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "analyzer/code/decoder.h"
#include "analyzer/code/instruction.h"
#include "analyzer/code/pointer_tables.h"
#include "analyzer/code/state.h"
#include "analyzer/image/memory.h"

/// How an instruction changes what is known of registers, stack and memory.
namespace isoaudit::analyzer {

/// Where an access goes.
struct Place {
  enum class Kind : std::uint8_t {
    unknown,
    thread,
    stack,
    image,
    import,    ///< another module's variable
    argument,  ///< what the function got a pointer to
  } kind = Kind::unknown;
  /// Offset on the stack or in the image's thread-local memory, address in the image, name of another module's
  /// variable, or the argument's number.
  std::uint64_t at = 0;
  /// It may go elsewhere too: an index register whose value is not known was left out (`at` is the start of what is
  /// indexed), or the pointer may have been replaced. Of thread-local memory: nothing is known of where.
  bool indexed = false;
  /// Arguments that it may go through: bit i stands for argument i.
  std::uint16_t arguments = 0;
  /// The other place in the image where it may go; `at` when there is none.
  std::uint64_t last = 0;
  /// The pointer may as well be something else: another way leads here on which it was (Value::Kind::region).
  bool guessed = false;

  /// `distance` bytes further on.
  Place plus(std::uint64_t distance) const {
    return {kind, at + distance, indexed, arguments, last + distance, guessed};
  }
};

/// What the loader fills in there.
Value thread_value(const ThreadWord& word);

/// The linker's table of addresses, through which exported variables are reached.
bool is_address_table(std::string_view section);

/// What is known of the flags stays; all others but calls and what does not go on forget it.
constexpr bool keeps_flags(Op op) {
  return op == Op::copy || op == Op::load || op == Op::store || op == Op::address || op == Op::push || op == Op::pop;
}

/// The effect of instructions that only move values; calls and jumps are the reader's.
class Evaluator {
 public:
  Evaluator(const Image& image, Names& names)
      : image_(image), convention_(calling_convention(image.machine, image.format)), names_(names), tables_(image) {}

  const CallingConvention& convention() const { return convention_; }
  Place place(const State& state, const MemoryOperand& operand) const;
  /// What `width` bytes of memory hold. `memory`: what is known beyond the image as loaded; null = writable memory may
  /// hold anything.
  Value load(const State& state, const Place& place, unsigned width, const Memory* memory) const;
  /// Value number `part` (eight bytes each) that a store writes.
  Value stored(const State& state, const Instruction& instruction, unsigned part) const;
  /// Registers, stack and flags after the instruction; `memory` as in load, and written to when `writable` is set.
  void step(State& state, const Instruction& instruction, const Memory* memory, Memory* writable) const;
  void after_call(State& state, Value result) const;
  /// The same where the callee is not followed: it may write to what it, or anybody before it, got the address of.
  void after_unseen_call(State& state, Value result) const;
  /// Whether a conditional branch is taken, when the flags decide.
  std::optional<bool> taken(const State& state, const Instruction& branch) const;
  Value register_value(const State& state, Register number) const {
    if (number == zero_register) return number_value(0);
    return number < first_vector ? state.general[number] : Value{};
  }
  /// Calls `look` with the number and the value of each argument that is known at a call, or at a jump to another
  /// function. Who takes fewer leaves the rest alone.
  template <class Look>
  void each_argument(const State& state, const Instruction& call, Look&& look) const;
  /// No register is left for argument `number`. What lies there may as well be the caller's own, so it is an argument
  /// only of functions that are seen, or known, to take so many.
  bool is_on_stack(unsigned number) const { return number >= convention_.arguments.size(); }
  /// Those that code went through so far.
  const PointerTables& tables() const { return tables_; }

 private:
  Value argument_at(std::int64_t at) const;
  Place thread_place(const State& state, const MemoryOperand& operand) const;
  /// What one register takes from memory, in halves.
  std::array<Value, 2> loaded(const State& state, const Instruction& instruction, const Place& at,
                              const Memory* memory) const;
  /// What a store that may not be made answers, by which code learns whether it was.
  Value answer_of(const State& state, const Instruction& instruction) const;
  /// A stack slot's address gets out of the reader's sight.
  static void escape(State& state, const Value& address);
  void set(State& state, Register number, Value value) const;
  void store(State& state, const Instruction& instruction, Memory* writable) const;
  void put(State& state, const Place& place, std::uint64_t offset, unsigned width, Value value, Memory* writable) const;
  Value from_pointer(const Pointer& pointer) const;
  Pointer to_pointer(const Value& value) const;
  Value add(const Value& value, std::int64_t amount, unsigned width) const;
  /// Where Op::fill or Op::move_block ends.
  struct Block {
    bool known = false;
    Value to{}, from{};
  };
  Block block_end(const State& state, const Instruction& instruction) const;
  /// Of two values what arithmetic leaves: that it began with what memory held.
  Value computed(const Value& left, const Value& right) const;
  Value second_of_sum(const State& state, const Instruction& instruction) const;
  Value sum(const Value& left, const Value& right, unsigned width) const;

  const Image& image_;
  const CallingConvention& convention_;
  Names& names_;
  /// Read when code first goes through them, and kept.
  mutable PointerTables tables_;
};

template <class Look>
void Evaluator::each_argument(const State& state, const Instruction& call, Look&& look) const {
  const auto in_registers = static_cast<unsigned>(convention_.arguments.size());
  for (unsigned i = 0; i < in_registers; ++i) look(i, register_value(state, convention_.arguments[i]));
  const Value& top = state.general[convention_.stack_pointer];
  // A jump leads to another function only where the stack is as it was at entry.
  if (top.kind != Value::Kind::stack || (call.op == Op::jump && top.bits != 0)) return;
  const std::int64_t first = static_cast<std::int64_t>(top.bits) + convention_.first_on_stack -
                             (call.op == Op::call ? convention_.return_address : 0);
  const std::int64_t end = first + std::int64_t{8} * (most_arguments - in_registers);
  for (auto slot = std::ranges::lower_bound(state.stack, first, {}, &StackSlot::offset);
       slot != state.stack.end() && slot->offset < end; ++slot) {
    const std::int64_t place = slot->offset - first;
    if (slot->width == 8 && place % 8 == 0) look(in_registers + static_cast<unsigned>(place / 8), slot->value);
  }
}

}  // namespace isoaudit::analyzer
