#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What one register or word is known to hold.
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

std::uint64_t low_bytes(std::uint64_t value, unsigned width);
std::uint64_t sign_extended(std::uint64_t value, unsigned width);
bool points_into_image(const Value& value);
/// Two ways join: keeps in `into` what holds on both; true when it has changed.
bool meet(Value& into, const Value& other);

}  // namespace isoaudit::analyzer
