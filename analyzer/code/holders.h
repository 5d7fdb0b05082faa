#pragma once

#include <cstdint>

#include "analyzer/code/instruction.h"

namespace isoaudit::analyzer {

/// Where one value is held: one bit for each place.
struct Holders {
  /// General registers and the lower halves of vector registers, by number.
  std::uint64_t registers = 0;
  /// Upper halves of vector registers.
  std::uint32_t upper = 0;
  /// Words of the stack, as whoever follows the value numbers them.
  std::uint64_t words = 0;

  bool has_all(const Holders& other) const {
    return (other.registers & ~registers) == 0 && (other.upper & ~upper) == 0 && (other.words & ~words) == 0;
  }
  bool none() const { return (registers | upper | words) == 0; }
  /// Registers of which some part holds it.
  std::uint64_t any_part() const { return registers | std::uint64_t{upper} << first_vector; }
  bool in_lower(Register number) const { return (registers & register_bit(number)) != 0; }
  bool in_upper(Register number) const { return is_vector(number) && (upper >> (number - first_vector) & 1) != 0; }
  void add_lower(Register number) { registers |= register_bit(number); }
  void add_upper(Register number) {
    if (is_vector(number)) upper |= std::uint32_t{1} << (number - first_vector);
  }
  /// Such registers hold something else from now on.
  void lose(std::uint64_t replaced) {
    registers &= ~replaced;
    upper &= ~static_cast<std::uint32_t>(replaced >> first_vector);
  }
  void add(const Holders& other) { registers |= other.registers, upper |= other.upper, words |= other.words; }
  void remove(const Holders& other) { registers &= ~other.registers, upper &= ~other.upper, words &= ~other.words; }
};

/// All of a general register, or the lower half of a vector register.
inline Holders held_by(Register number) { return {.registers = register_bit(number)}; }

/// Memory holds something else behind it where StackPositions::access_of says.
inline bool overwrites(const Instruction& instruction) {
  return instruction.writes_memory || (instruction.op == Op::push && !instruction.has_memory);
}
/// Words of memory that a load leaves in registers; none where it leaves something else.
unsigned words_loaded(const Instruction& load);
/// What holds word number `word` of those behind it.
Holders holder_of_loaded(const Instruction& load, unsigned word);
/// Whole words that a store writes; none where it writes something else.
unsigned words_stored(const Instruction& store);
/// Whether word number `word` of those comes from one of the holders.
bool is_stored_from(const Holders& holders, const Instruction& store, unsigned word);
/// Nothing of what was there is left behind it: not where it stores under a condition or through a mask.
bool surely_overwrites(const Instruction& instruction);

}  // namespace isoaudit::analyzer
