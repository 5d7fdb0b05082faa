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
  if (const std::size_t begin = fix.find(name); begin != std::string::npos) fix.replace(begin, name.size(), "them");
  return fix;
}

}  // namespace isoaudit::model
