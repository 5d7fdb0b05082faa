#include "model/said_of_many.h"

namespace isoaudit::model {

std::string without_subject(const std::string& message) {
  const std::size_t end = message.starts_with('`') ? message.find("` ", 1) : std::string::npos;
  return end == std::string::npos ? message : message.substr(end + 2);
}

std::string fix_for_all(std::string fix, const std::string& message) {
  const std::size_t end = message.starts_with('`') ? message.find('`', 1) : std::string::npos;
  if (end == std::string::npos) return fix;
  const std::string name = message.substr(0, end + 1);
  const std::size_t begin = fix.find(name);
  if (begin == std::string::npos) return fix;
  fix.replace(begin, name.size(), "them");
  for (std::size_t it = fix.find(" it", begin); it != std::string::npos; it = fix.find(" it", it + 1)) {
    const bool is_word = it + 3 == fix.size() || fix[it + 3] == ' ' || fix[it + 3] == ',';
    if (is_word) fix.replace(it, 3, " them");
  }
  return fix;
}

}  // namespace isoaudit::model
