#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>

/// What one register or word is known to hold.
namespace isoaudit::analyzer {

/// Of a function, that are followed.
constexpr unsigned most_arguments = 16;

struct Value {
  /// With `also` as wide as `name`: a value is two words without padding, and values are compared all the time.
  enum class Kind : std::uint16_t {
    unknown,
    number,
    address,   ///< inside the image
    region,    ///< may be an address of the image: from `bits` on, or around `last()` where two places were to choose
    stack,     ///< relative to the stack pointer at entry
    import,    ///< the address of another module's symbol: `name`
    content,   ///< what another module's variable `name` holds
    result,    ///< what the call of `name` returned (0: it has none), of several things the one that the text at
               ///< `bits` names (see naming_argument; 0: not known)
    argument,  ///< the function's own argument number `bits`, or something that it points to
    held,      ///< what the image's writable memory at `bits` held
    changed,   ///< computed from what the image's writable memory at `bits` held
    byte,      ///< a word whose lowest byte is `bits`; the rest is not known
    half,      ///< a word whose lower four bytes are `bits`; the rest (a structure's padding) is not known
    thread,    ///< thread-local memory: where `name` (a ThreadOwner) says, or what it holds
    thread_held,     ///< what the image's thread-local memory at `bits` held
    thread_changed,  ///< made of that
    exclusive,  ///< the answer of a store that may not have been made to `bits` (0: not known); see exclusive_value
  } kind = Kind::unknown;
  /// Of a region, an argument or what was made of what memory held: bit i says that it may as well be argument i.
  std::uint16_t also = 0;
  /// Index into the Names of the reading; of a region, how far from `bits` the other place lies.
  std::uint32_t name = 0;
  std::uint64_t bits = 0;

  constexpr Value() = default;
  constexpr Value(Kind the_kind, std::uint32_t the_name, std::uint64_t the_bits, std::uint16_t may_also_be = 0)
      : kind(the_kind), also(may_also_be), name(the_name), bits(the_bits) {}
  auto operator<=>(const Value&) const = default;
  friend bool operator==(const Value& a, const Value& b) {
    // Read where it lies: a copy on the stack in between is waited for.
    std::array<std::uint64_t, 2> left, right;
    std::memcpy(left.data(), &a, sizeof a);
    std::memcpy(right.data(), &b, sizeof b);
    return ((left[0] ^ right[0]) | (left[1] ^ right[1])) == 0;
  }
  bool known() const { return kind != Kind::unknown; }
  bool is_number() const { return kind == Kind::number; }
  std::uint64_t last() const { return bits + name; }
  /// Arguments that it may be: bit i stands for argument i.
  unsigned arguments() const { return also | (kind == Kind::argument && bits < most_arguments ? 1u << bits : 0u); }
};

inline Value number_value(std::uint64_t bits) { return {Value::Kind::number, 0, bits}; }

/// What a store of 0 or 1 answers: it was made when that is `expected`.
inline Value exclusive_value(bool stores_one, bool expected, std::uint64_t at) {
  return {Value::Kind::exclusive, (stores_one ? 1u : 0u) + (expected ? 2u : 0u), at};
}
inline bool stores_one(const Value& exclusive) { return (exclusive.name & 1) != 0; }
inline std::uint64_t expected_answer(const Value& exclusive) { return exclusive.name >> 1; }

/// Whose thread-local memory.
enum class ThreadOwner : std::uint32_t {
  unknown,    ///< anybody's, or where all of it begins
  image,      ///< the image's own, `bits` bytes into it
  elsewhere,  ///< another module's
};
inline Value thread_value() { return {Value::Kind::thread, 0, 0}; }
Value thread_value(ThreadOwner owner, std::uint64_t offset);
inline ThreadOwner thread_owner(const Value& value) { return static_cast<ThreadOwner>(value.name); }

/// Names of imported functions and of the image's own, numbered as they come; 0 is none.
class Names {
 public:
  std::uint32_t number_of(std::string_view name);
  /// Stays where it is while others come.
  const std::string& text(std::uint32_t number) const { return texts_[number]; }

 private:
  std::deque<std::string> texts_{""};
  std::map<std::string, std::uint32_t, std::less<>> numbers_{};
};

std::uint64_t low_bytes(std::uint64_t value, unsigned width);
std::uint64_t sign_extended(std::uint64_t value, unsigned width);
/// What the image's memory at its `bits` held, or something made of it: as loaded from there, or some way into what it
/// points to.
inline bool was_held(const Value& value) {
  return value.kind == Value::Kind::held || value.kind == Value::Kind::changed;
}
/// What the image's thread-local memory at its `bits` held, or something made of it.
inline bool was_held_by_thread(const Value& value) {
  return value.kind == Value::Kind::thread_held || value.kind == Value::Kind::thread_changed;
}
inline bool points_into_image(const Value& value) {
  return value.kind == Value::Kind::address || value.kind == Value::Kind::region;
}
/// Worth keeping when it is known on one of two ways only: a store may go through it.
inline bool may_point(const Value& value) { return points_into_image(value) || value.kind == Value::Kind::argument; }
/// Joining `other` changes nothing in `value`: it is one of the things that `value` may be already. False is no answer.
inline bool covers(const Value& value, const Value& other) {
  switch (value.kind) {
    case Value::Kind::unknown: return !may_point(other) && other.also == 0;
    case Value::Kind::argument: return !points_into_image(other) && (other.arguments() & ~value.arguments()) == 0;
    case Value::Kind::region: {
      if ((other.arguments() & ~value.arguments()) != 0) return false;
      const std::uint64_t last = other.kind == Value::Kind::region ? other.last() : other.bits;
      return !points_into_image(other) || (other.bits >= value.bits && last <= value.last());
    }
    default: return false;
  }
}
/// The lower `width` bytes of it, less than a pointer has.
Value narrowed(const Value& value, unsigned width);
/// Two ways join; true when `into` has changed. An address and an argument stay as what the value may be, so that no
/// store through it is lost; of all else only what holds on both ways is kept. What one call returns or null counts as
/// what the call returns.
bool join(Value& into, const Value& other);
inline bool meet(Value& into, const Value& other) {
  // Nearly always.
  if (into == other || covers(into, other)) return false;
  return join(into, other);
}
/// What is left of it when something that is not seen may have replaced it: what it may be.
Value weakened(const Value& value);

}  // namespace isoaudit::analyzer
