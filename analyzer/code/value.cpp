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

bool points_into_image(const Value& value) {
  return value.kind == Value::Kind::address || value.kind == Value::Kind::region;
}

/// Two addresses that meet are a region: a loop that moves a pointer, or a choice between places. It starts at the
/// lower one, so that it can only grow a bounded number of times.
bool meet(Value& into, const Value& other) {
  if (into == other || !into.known()) return false;
  const Value old = into;
  if (points_into_image(into) && points_into_image(other)) {
    into = {Value::Kind::region, 0, std::min(into.bits, other.bits)};
  } else {
    into = {};
  }
  return into != old;
}

Value number_value(std::uint64_t bits) { return {Value::Kind::number, 0, bits}; }

std::uint32_t Names::number_of(std::string_view name) {
  if (name.empty()) return 0;
  if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(name);
  numbers_.emplace(name, number);
  return number;
}

}  // namespace isoaudit::analyzer
