#include "analyzer/code/stored_value.h"

#include <cstdio>
#include <string>

#include "analyzer/code/place_name.h"
#include "analyzer/tables/python_names.h"

namespace isoaudit::analyzer {
namespace {

using model::StoredValue;

struct Described {
  StoredValue value = StoredValue::unknown;
  std::string text{};
  std::string result_of{};
};

std::string in_hex(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

/// Two texts are equal only where the addresses are.
std::string address_text(const Image& image, std::uint64_t address) {
  std::string name = place_name(image, address);
  const Symbol* symbol = image.symbol_at(address);
  if (symbol == nullptr || symbol->address == address) return name;
  return name + "+" + in_hex(address - symbol->address);
}

/// Empty where nothing names it.
std::string name_of_result(const Image& image, const Value& result) {
  return std::string(result.bits == 0 ? std::string_view() : image.text_at(result.bits).value_or(""));
}

Described described(const ModuleCode& code, const Value& value) {
  switch (value.kind) {
    case Value::Kind::number: return {StoredValue::constant, in_hex(value.bits), {}};
    case Value::Kind::address: return {StoredValue::static_address, address_text(code.image(), value.bits), {}};
    case Value::Kind::import: {
      const std::string& name = code.text(value.name);
      if (names_immortal_object(name)) return {StoredValue::immortal, name, {}};
      return {StoredValue::static_address, name, {}};
    }
    case Value::Kind::content:
      if (!names_immortal_pointer(code.text(value.name))) return {};
      return {StoredValue::immortal, code.text(value.name), {}};
    case Value::Kind::result: return {StoredValue::call, name_of_result(code.image(), value), code.text(value.name)};
    case Value::Kind::argument:
      if (value.also != 0) return {StoredValue::parameter, {}, {}};
      return {StoredValue::parameter, "argument " + std::to_string(value.bits + 1), {}};
    default: return {};
  }
}

/// What has to be thought about comes first: a new object, then what a caller decides, then what is not known.
int weight(StoredValue value) {
  switch (value) {
    case StoredValue::call: return 6;
    case StoredValue::parameter: return 5;
    case StoredValue::unknown: return 4;
    case StoredValue::changed: return 3;
    case StoredValue::static_address: return 2;
    case StoredValue::immortal: return 1;
    case StoredValue::constant: return 0;
  }
  return 4;
}

}  // namespace

void describe_stored(const ModuleCode& code, std::span<const Value> parts, model::CodeWrite& write) {
  if (parts.empty()) return;
  Described most = described(code, parts.front());
  std::string all = most.text;
  for (const Value& part : parts.subspan(1)) {
    Described other = described(code, part);
    all = all.empty() || other.text.empty() ? std::string() : all.append(" ").append(other.text);
    if (weight(other.value) > weight(most.value)) most = std::move(other);
  }
  write.value = most.value;
  write.result_of = source_name(most.result_of);
  const bool alone = parts.size() == 1;
  // Of several parts one text has to tell them all, or two stores of it would not store the same.
  const bool same_for_all = most.value == StoredValue::constant || most.value == StoredValue::immortal ||
                            most.value == StoredValue::static_address;
  write.stored = alone ? most.text : same_for_all ? all : std::string();
}

}  // namespace isoaudit::analyzer
