#include "analyzer/source/cython_lines.h"

#include <charconv>

namespace isoaudit::analyzer {

std::vector<GeneratedFrom> cython_lines(std::string_view text) {
  constexpr std::string_view begin = "/* \"";
  constexpr std::string_view middle = "\":";
  constexpr std::size_t longest_path = 4096;
  std::vector<GeneratedFrom> lines;
  for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1)) {
    const std::size_t start = at + begin.size();
    const std::size_t end = text.substr(start, longest_path).find_first_of("\"\n");
    if (end == std::string_view::npos || !text.substr(start + end).starts_with(middle)) continue;
    GeneratedFrom from{static_cast<unsigned>(at), std::string(text.substr(start, end)), 0,
                       at == 0 || text[at - 1] == '\n'};
    const char* digits = text.data() + start + end + middle.size();
    const auto [stop, error] = std::from_chars(digits, text.data() + text.size(), from.line);
    if (error == std::errc() && stop != digits) lines.push_back(std::move(from));
  }
  return lines;
}

}  // namespace isoaudit::analyzer
