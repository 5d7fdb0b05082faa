#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "analyzer/code/decoder.h"
#include "analyzer/code/value.h"

/// What is known of registers and stack at one place in a function.
namespace isoaudit::analyzer {

/// The flags: how they were made.
struct Flags {
  enum class Kind : std::uint8_t {
    unknown,
    compare,
    test,
    exchange,  ///< memory was compared with `left` and, when equal, became `right`
  } kind = Kind::unknown;
  std::uint8_t width = 8;
  Value left{}, right{};
  /// Exchange: where, in the image; 0 when it is elsewhere or not known.
  std::uint64_t at = 0;

  auto operator<=>(const Flags&) const = default;
};

struct StackSlot {
  std::int64_t offset = 0;
  /// In bytes. A whole word, so that there is no padding: stacks are compared all the time.
  std::int64_t width = 0;
  Value value{};

  auto operator<=>(const StackSlot&) const = default;
};

/// Lower and upper eight bytes of a vector register.
using Halves = std::array<Value, 2>;

struct State {
  std::array<Value, 32> general{};
  /// Vector registers of which something is known, by number. Mostly none, and states are copied all the time.
  std::vector<std::pair<Register, Halves>> vectors{};
  /// Known slots, by offset, never overlapping.
  std::vector<StackSlot> stack{};
  /// The lowest offset on the stack whose address went somewhere: what lies from there on may change unseen.
  std::int64_t escaped = std::numeric_limits<std::int64_t>::max();
  /// The function that took the lock that is held, by its name's number, on every way that leads here (see
  /// lock_flow.h).
  std::uint32_t lock = 0;
  /// How often it was taken, or others with it.
  std::uint8_t lock_depth = 0;
  Flags flags{};

  bool operator==(const State&) const = default;
  /// `number` as instructions have it; nothing is known of what is no vector register.
  Halves vector(Register number) const;
  void set_vector(Register number, const Halves& halves);
  /// One bit for each register.
  void forget(std::uint64_t registers);
};

/// Nothing known but the stack pointer and the arguments' places.
State entry_state(const CallingConvention& convention);
/// Two ways join, value by value; true when `into` has changed.
bool merge(State& into, const State& other);
/// The first slot that ends behind a place.
std::vector<StackSlot>::iterator slot_behind(std::vector<StackSlot>& stack, std::int64_t place);
/// Something may have written to the slots from `offset` on.
void weaken_stack(State& state, std::int64_t offset);
/// Nothing is certain any more; what may be an address stays that.
void weaken(State& state);

}  // namespace isoaudit::analyzer
