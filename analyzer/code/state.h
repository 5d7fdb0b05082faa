#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/code/decoder.h"
#include "analyzer/code/instruction.h"
#include "analyzer/image/memory.h"

/// What is known of registers and stack at one place in a function, and how an instruction changes it.
namespace isoaudit::analyzer {

struct Value {
  enum class Kind : std::uint8_t {
    unknown,
    number,
    address,   ///< inside the image
    region,    ///< somewhere from that address on: an element of a table, a pointer that a loop moves
    stack,     ///< relative to the stack pointer at entry
    import,    ///< the address of another module's symbol: `name`
    result,    ///< what the call of `name` returned; name 0 when the callee has none
    argument,  ///< the function's own argument number `bits`
    half,      ///< a word whose lower four bytes are `bits`; the rest (a structure's padding) is not known
    thread,    ///< what thread-local memory holds, or where it lies
  } kind = Kind::unknown;
  /// Index into the Names of the reading.
  std::uint32_t name = 0;
  std::uint64_t bits = 0;

  auto operator<=>(const Value&) const = default;
  bool known() const { return kind != Kind::unknown; }
  bool is_number() const { return kind == Kind::number; }
};

Value number_value(std::uint64_t bits);

/// Names of imported functions and of the image's own, numbered as they come; 0 is none.
class Names {
 public:
  std::uint32_t number_of(std::string_view name);
  const std::string& text(std::uint32_t number) const { return texts_[number]; }

 private:
  std::vector<std::string> texts_{""};
  std::map<std::string, std::uint32_t, std::less<>> numbers_{};
};

/// The flags: how they were made.
struct Flags {
  enum class Kind : std::uint8_t { unknown, compare, test } kind = Kind::unknown;
  std::uint8_t width = 8;
  Value left{}, right{};

  auto operator<=>(const Flags&) const = default;
};

struct StackSlot {
  std::int64_t offset = 0;
  std::uint8_t width = 0;
  Value value{};

  auto operator<=>(const StackSlot&) const = default;
};

struct State {
  std::array<Value, 32> general{};
  /// Lower and upper eight bytes.
  std::array<std::array<Value, 2>, 32> vector{};
  /// Known slots, by offset, never overlapping.
  std::vector<StackSlot> stack{};
  Flags flags{};

  bool operator==(const State&) const = default;
};

/// Nothing known but the stack pointer and the arguments' places.
State entry_state(const CallingConvention& convention);
/// Keeps what both know alike; true when `into` has changed.
bool merge(State& into, const State& other);

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
