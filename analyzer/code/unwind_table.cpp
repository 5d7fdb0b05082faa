// LLVM's reader of these tables decodes every unwind instruction, a hundred bytes of memory for each byte of a table.
#include "analyzer/code/unwind_table.h"

#include <cstring>
#include <optional>
#include <string>
#include <unordered_map>

namespace isoaudit::analyzer {
namespace {

/// DW_EH_PE_*: how a pointer is written.
constexpr std::uint8_t relative_to_place = 0x10, form_mask = 0x0F, application_mask = 0x70, indirect = 0x80;

/// Reads on from an offset; after the first thing that does not fit, `good` is false and everything is 0.
class Reader {
 public:
  Reader(const Section& table, std::uint64_t from, std::uint64_t end) : table_(table), at_(from), end_(end) {}

  bool good() const { return good_; }
  std::uint64_t at() const { return at_; }

  template <class T>
  T number() {
    T value{};
    if (!good_ || end_ - at_ < sizeof value) return good_ = false, value;
    std::memcpy(&value, table_.bytes.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  /// LEB128; values do not matter, only where they end.
  void skip_leb() {
    while ((number<std::uint8_t>() & 0x80) != 0) {
    }
  }

  std::string text() {
    std::string made;
    while (const char c = number<char>()) made += c;
    return made;
  }

  /// The unwind table's own pointers are numbers of fixed size, relative to themselves or to nothing.
  std::uint64_t pointer(std::uint8_t encoding) {
    const std::uint64_t place = table_.address + at_;
    std::uint64_t value = 0;
    switch (encoding & form_mask) {
      case 0x00:
      case 0x04:
      case 0x0C: value = number<std::uint64_t>(); break;
      case 0x02: value = number<std::uint16_t>(); break;
      case 0x03: value = number<std::uint32_t>(); break;
      case 0x0A: value = static_cast<std::uint64_t>(std::int64_t{number<std::int16_t>()}); break;
      case 0x0B: value = static_cast<std::uint64_t>(std::int64_t{number<std::int32_t>()}); break;
      default: good_ = false;
    }
    const std::uint8_t application = encoding & application_mask;
    if (application == relative_to_place) return value + place;
    if (application != 0) good_ = false;
    return value;
  }

 private:
  const Section& table_;
  std::uint64_t at_, end_;
  bool good_ = true;
};

/// How the entries of a CIE write their pointers; empty when it cannot be read.
std::optional<std::uint8_t> pointer_encoding(const Section& table, std::uint64_t cie) {
  const std::uint64_t size = table.bytes.size();
  Reader reader(table, cie, size);
  if (reader.number<std::uint32_t>() == 0xFFFFFFFF) reader.number<std::uint64_t>();
  if (reader.number<std::uint32_t>() != 0) return std::nullopt;
  const auto version = reader.number<std::uint8_t>();
  const std::string augmentation = reader.text();
  if (version == 4) reader.number<std::uint16_t>();
  reader.skip_leb();
  reader.skip_leb();
  if (version == 1) {
    reader.number<std::uint8_t>();
  } else {
    reader.skip_leb();
  }
  std::uint8_t encoding = 0;
  if (augmentation.starts_with('z')) {
    reader.skip_leb();
    for (const char letter : augmentation.substr(1)) {
      if (letter == 'R') {
        encoding = reader.number<std::uint8_t>();
      } else if (letter == 'L') {
        reader.number<std::uint8_t>();
      } else if (letter == 'P') {
        const auto personality = reader.number<std::uint8_t>();
        reader.pointer(static_cast<std::uint8_t>(personality & ~indirect));
      } else if (letter != 'S' && letter != 'B' && letter != 'G') {
        break;
      }
    }
  }
  if (!reader.good() || (encoding & indirect) != 0) return std::nullopt;
  return encoding;
}

}  // namespace

void each_unwind_range(const Section& table, const std::function<void(std::uint64_t, std::uint64_t)>& take) {
  std::unordered_map<std::uint64_t, std::optional<std::uint8_t>> encodings;
  const std::uint64_t size = table.bytes.size();
  std::uint64_t at = 0;
  while (at < size) {
    Reader reader(table, at, size);
    std::uint64_t length = reader.number<std::uint32_t>();
    if (length == 0xFFFFFFFF) length = reader.number<std::uint64_t>();
    const std::uint64_t begin = reader.at();
    if (!reader.good() || length > size - begin) return;
    at = begin + length;
    if (length < 4) continue;  // 0 ends the table of one object file; linkers leave them in between
    const std::uint64_t back = reader.number<std::uint32_t>();
    if (back == 0 || back > begin) continue;
    const auto [encoding, fresh] = encodings.try_emplace(begin - back);
    if (fresh) encoding->second = pointer_encoding(table, begin - back);
    if (!encoding->second) continue;
    Reader entry(table, reader.at(), at);
    const std::uint64_t first = entry.pointer(*encoding->second);
    const std::uint64_t count = entry.pointer(*encoding->second & form_mask);
    if (entry.good() && count != 0 && first + count > first) take(first, first + count);
  }
}

}  // namespace isoaudit::analyzer
