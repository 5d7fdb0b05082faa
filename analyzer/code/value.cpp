#include "analyzer/code/value.h"

#include <algorithm>

namespace isoaudit::analyzer {

std::uint64_t low_bytes(std::uint64_t value, unsigned width) {
  return width >= 8 ? value : value & ((std::uint64_t{1} << (width * 8)) - 1);
}

std::uint64_t sign_extended(std::uint64_t value, unsigned width) {
  if (width >= 8 || width == 0) return value;
  const std::uint64_t sign = std::uint64_t{1} << (width * 8 - 1);
  return (low_bytes(value, width) ^ sign) - sign;
}

Value narrowed(const Value& value, unsigned width) {
  switch (value.kind) {
    case Value::Kind::number: return number_value(low_bytes(value.bits, width));
    case Value::Kind::byte: return width == 1 ? number_value(value.bits) : Value{};
    case Value::Kind::result:
    case Value::Kind::held:
    case Value::Kind::changed: return value;
    default: return {};
  }
}

namespace {

using Kind = Value::Kind;

Value region_of(const Value& a, const Value& b) {
  const std::uint64_t first = std::min(a.bits, b.bits);
  const std::uint64_t last =
      std::max(a.kind == Kind::region ? a.last() : a.bits, b.kind == Kind::region ? b.last() : b.bits);
  constexpr std::uint64_t farthest = 0xFFFFFFFF;
  const auto distance = static_cast<std::uint32_t>(std::min(last - first, farthest));
  return {Kind::region, distance, first, static_cast<std::uint16_t>(a.also | b.also)};
}

Value argument_of(unsigned mask) {
  const auto lowest = static_cast<unsigned>(__builtin_ctz(mask));
  return {Kind::argument, 0, lowest, static_cast<std::uint16_t>(mask & ~(1u << lowest))};
}

/// What is stored is more than this says: a call's result hides null, a constant and the old value.
bool hides(const Value& a, const Value& b) {
  if (a.kind == Kind::result) {
    return b.is_number() || b.kind == Kind::content || b.kind == Kind::held || (b.kind == Kind::result && a.name == 0);
  }
  if (a.kind == Kind::changed) return b.is_number() || (b.kind == Kind::held && a.bits == b.bits);
  if (a.kind == Kind::thread_changed) return b.kind == Kind::thread_held && a.bits == b.bits;
  return a.kind == Kind::content && b == number_value(0);
}

/// The order of the lattice: numbers and the like, results, unknown, arguments, regions. Nothing goes back in it.
Value joined(const Value& a, const Value& b) {
  if (points_into_image(a) || points_into_image(b)) {
    Value region = points_into_image(a) && points_into_image(b) ? region_of(a, b)
                   : points_into_image(a)                       ? region_of(a, a)
                                                                : region_of(b, b);
    region.also |= static_cast<std::uint16_t>(a.arguments() | b.arguments());
    return region;
  }
  if (const unsigned arguments = a.arguments() | b.arguments(); arguments != 0) return argument_of(arguments);
  if (a.kind == Kind::result && b.kind == Kind::result) return {Kind::result, a.name == b.name ? a.name : 0, 0};
  if (a.kind == Kind::thread && b.kind == Kind::thread) return thread_value();
  if (hides(a, b)) return a;
  if (hides(b, a)) return b;
  return {};
}

}  // namespace

bool join(Value& into, const Value& other) {
  const Value old = into;
  into = joined(into, other);
  return into != old;
}

Value weakened(const Value& value) {
  switch (value.kind) {
    case Kind::address: return region_of(value, value);
    case Kind::region:
    case Kind::argument:
    case Kind::result:
    case Kind::changed:
    case Kind::thread: return value;
    default: return {};
  }
}

Value thread_value(ThreadOwner owner, std::uint64_t offset) {
  return {Value::Kind::thread, static_cast<std::uint32_t>(owner), offset};
}

std::uint32_t Names::number_of(std::string_view name) {
  if (name.empty()) return 0;
  if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(name);
  numbers_.emplace(name, number);
  return number;
}

}  // namespace isoaudit::analyzer
