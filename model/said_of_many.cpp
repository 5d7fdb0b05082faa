#include "model/said_of_many.h"

namespace isoaudit::model {

std::string without_subject(const std::string& message) {
  const std::size_t end = message.starts_with('`') ? message.find("` ", 1) : std::string::npos;
  return end == std::string::npos ? message : message.substr(end + 2);
}

std::string fix_for_all(std::string fix, const std::string& message) {
  const std::size_t end = message.starts_with('`') ? message.find('`', 1) : std::string::npos;
  if (end == std::string::npos) return fix;
  // "`ns::cache`": its namespaces are left out where the fix speaks of it.
  const std::string name = message.substr(1, end - 1);
  const std::size_t scope = name.rfind("::");
  const std::string own = scope == std::string::npos ? name : name.substr(scope + 2);
  for (const std::string& called : {"`" + name + "`", "`" + own + "`"}) {
    if (const std::size_t begin = fix.find(called); begin != std::string::npos) {
      return fix.replace(begin, called.size(), "them");
    }
  }
  return fix;
}

}  // namespace isoaudit::model
