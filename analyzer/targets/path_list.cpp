#include "analyzer/targets/path_list.h"

#include <algorithm>

namespace isoaudit::analyzer {

std::vector<std::string> split_path_list(std::string_view list) {
  const char separator = list.find('\0') == std::string_view::npos ? '\n' : '\0';
  std::vector<std::string> paths;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    std::string_view entry = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (separator == '\n' && entry.ends_with('\r')) entry.remove_suffix(1);
    if (!entry.empty()) paths.emplace_back(entry);
  }
  return paths;
}

}  // namespace isoaudit::analyzer
