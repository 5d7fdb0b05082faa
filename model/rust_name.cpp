#include "model/rust_name.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace isoaudit::model {
namespace {

constexpr std::string_view separator = "::";

struct Escape {
  std::string_view name;
  char stands_for;
};
constexpr auto escapes = std::to_array<Escape>(
    {{"SP", '@'}, {"BP", '*'}, {"RF", '&'}, {"LT", '<'}, {"GT", '>'}, {"LP", '('}, {"RP", ')'}, {"C", ','}});

bool is_hash(std::string_view part) {
  constexpr std::size_t digits = 16;
  return part.size() == digits + 1 && part.front() == 'h' && part.find_first_not_of("0123456789abcdef", 1) == part.npos;
}

/// What stands between two dollar signs; nothing where that is no escape. Only what can be printed has numbers here.
std::optional<char> unescaped(std::string_view escape) {
  const auto* known = std::ranges::find(escapes, escape, &Escape::name);
  if (known != escapes.end()) return known->stands_for;
  std::uint8_t number = 0;
  if (!escape.starts_with('u')) return std::nullopt;
  const char* end = escape.data() + escape.size();
  const auto read = std::from_chars(escape.data() + 1, end, number, 16);
  constexpr std::uint8_t first_printed = 0x20, last_printed = 0x7E;
  const bool is_printed = number >= first_printed && number <= last_printed;
  return read.ec == std::errc() && read.ptr == end && is_printed ? std::optional(static_cast<char>(number))
                                                                 : std::nullopt;
}

/// Of a part that begins with an escape: no C++ name begins with a dollar sign.
std::string_view without_filler(std::string_view part) { return part.starts_with("_$") ? part.substr(1) : part; }

void add_part(std::string_view part, std::string& name) {
  for (part = without_filler(part); !part.empty();) {
    if (part.starts_with("..")) {
      name += separator;
      part.remove_prefix(2);
      continue;
    }
    const std::size_t end = part.front() == '$' ? part.find('$', 1) : part.npos;
    const std::optional<char> escaped = end == part.npos ? std::nullopt : unescaped(part.substr(1, end - 1));
    name += escaped.value_or(part.front());
    part.remove_prefix(escaped ? end + 1 : 1);
  }
}

}  // namespace

std::string rust_name(std::string demangled) {
  // "demo::cache::h0123456789abcdef (.llvm.77058)": of what a compiler adds to a symbol a demangler leaves a note.
  const std::size_t note = std::min(demangled.find(" (."), demangled.size());
  const std::size_t hash = demangled.rfind(separator, note);
  if (hash == std::string::npos || hash == 0) return demangled;
  const std::string_view all = demangled;
  if (!is_hash(all.substr(hash + separator.size(), note - hash - separator.size()))) return demangled;
  std::string name;
  for (std::size_t begin = 0; begin < hash;) {
    const std::size_t end = std::min(all.find(separator, begin), hash);
    if (begin != 0) name += separator;
    add_part(all.substr(begin, end - begin), name);
    begin = end + separator.size();
  }
  return name + demangled.substr(note);
}

}  // namespace isoaudit::model
