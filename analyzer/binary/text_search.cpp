#include "analyzer/binary/text_search.h"

#include <bitset>
#include <cstdint>
#include <cstring>

namespace isoaudit::analyzer {
namespace {

constexpr unsigned hash_bits = 14;

std::uint32_t first_four(const char* text) {
  std::uint32_t word = 0;
  std::memcpy(&word, text, sizeof word);
  return word;
}

std::uint32_t hash(std::uint32_t word) { return (word * 2654435761U) >> (32 - hash_bits); }

}  // namespace

std::vector<std::size_t> first_occurrences(std::string_view text, std::span<const std::string_view> needles) {
  std::vector<std::size_t> found(needles.size(), std::string_view::npos);
  std::bitset<std::size_t{1} << hash_bits> begins;
  for (const std::string_view needle : needles) begins.set(hash(first_four(needle.data())));
  for (std::size_t at = 0; at + 4 <= text.size(); ++at) {
    const std::uint32_t word = first_four(text.data() + at);
    if (!begins[hash(word)]) continue;
    for (std::size_t i = 0; i < needles.size(); ++i) {
      const std::string_view needle = needles[i];
      if (found[i] == std::string_view::npos && first_four(needle.data()) == word &&
          text.substr(at, needle.size()) == needle) {
        found[i] = at;
      }
    }
  }
  return found;
}

}  // namespace isoaudit::analyzer
