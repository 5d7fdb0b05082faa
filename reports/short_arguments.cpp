#include "reports/short_arguments.h"

#include <cctype>
#include <cstddef>

namespace isoaudit::reports {
namespace {

constexpr std::size_t longest = 32;
/// Bytes in which a bracket's partner is looked for: what stands farther away is no name that people wrote.
constexpr std::size_t farthest = 4096;

bool is_of_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Where the bracket at `open` is closed; npos when it is not, or not within the name that stands between quotes.
std::size_t closed_at(std::string_view text, std::size_t open) {
  std::string partners;
  text = text.substr(0, open + farthest);
  for (std::size_t i = open; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '`' || c == '\n') return std::string_view::npos;
    if (c == '<' || c == '(') partners += c == '<' ? '>' : ')';
    if (c != '>' && c != ')') continue;
    if (partners.back() != c) {
      // `->` and `operator>` close nothing.
      if (c == '>') continue;
      return std::string_view::npos;
    }
    partners.pop_back();
    if (partners.empty()) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::string with_short_arguments(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    const bool opens = (text[i] == '<' || text[i] == '(') && i > 0 && is_of_name(text[i - 1]);
    if (!opens || text.substr(0, i).ends_with("operator")) continue;
    const std::size_t end = closed_at(text, i);
    if (end == std::string_view::npos || end - i - 1 <= longest) continue;
    out += "…";
    i = end - 1;
  }
  return out;
}

}  // namespace isoaudit::reports
