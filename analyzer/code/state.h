#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analyzer/code/decoder.h"
#include "analyzer/code/value.h"

/// What is known of registers and stack at one place in a function.
namespace isoaudit::analyzer {

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

}  // namespace isoaudit::analyzer
