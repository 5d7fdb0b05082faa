#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "analyzer/code/decoder.h"
#include "analyzer/code/instruction.h"
#include "analyzer/code/state.h"
#include "analyzer/image/memory.h"

/// How an instruction changes what is known of registers, stack and memory.
namespace isoaudit::analyzer {

/// Where an access goes.
struct Place {
  enum class Kind : std::uint8_t { unknown, thread, stack, image, argument } kind = Kind::unknown;
  /// Offset on the stack, address in the image, or number of the argument that points there.
  std::uint64_t at = 0;
  /// An index register whose value is not known was left out: `at` is the start of what is indexed.
  bool indexed = false;
};

/// The effect of instructions that only move values; calls and jumps are the reader's.
class Evaluator {
 public:
  Evaluator(const Image& image, Names& names)
      : image_(image), convention_(calling_convention(image.machine, image.format)), names_(names) {}

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
  /// Whether a conditional branch is taken, when the flags decide.
  std::optional<bool> taken(const State& state, const Instruction& branch) const;
  Value register_value(const State& state, Register number) const;

 private:
  /// What one register takes from memory, in halves.
  std::array<Value, 2> loaded(const State& state, const Instruction& instruction, const Place& at,
                              const Memory* memory) const;
  void set(State& state, Register number, Value value) const;
  void store(State& state, const Instruction& instruction, Memory* writable) const;
  void put(State& state, const Place& place, std::uint64_t offset, unsigned width, Value value, Memory* writable) const;
  Value from_pointer(const Pointer& pointer) const;
  Pointer to_pointer(const Value& value) const;
  Value add(const Value& value, std::int64_t amount, unsigned width) const;
  Value sum(const Value& left, const Value& right, unsigned width) const;

  const Image& image_;
  const CallingConvention& convention_;
  Names& names_;
};

}  // namespace isoaudit::analyzer
