#include "model/said_of_many.h"

#include <algorithm>

namespace isoaudit::model {

std::string_view subject_of(std::string_view message) {
  const std::size_t end = message.starts_with('`') ? message.find('`', 1) : std::string_view::npos;
  return end == std::string_view::npos ? std::string_view() : message.substr(1, end - 1);
}

std::string without_subject(const std::string& message) {
  const std::size_t end = message.starts_with('`') ? message.find("` ", 1) : std::string::npos;
  return end == std::string::npos ? message : message.substr(end + 2);
}

std::string fix_for_all(const Finding& finding) {
  if (!finding.fix_of_many.empty()) return finding.fix_of_many;
  std::string fix = finding.fix;
  const std::string name(subject_of(finding.message));
  if (name.empty()) return fix;
  // "`ns::cache`": its namespaces are left out where the fix speaks of it.
  const std::size_t scope = name.rfind("::");
  const std::string own = scope == std::string::npos ? name : name.substr(scope + 2);
  for (const std::string& called : {"`" + name + "`", "`" + own + "`"}) {
    if (const std::size_t begin = fix.find(called); begin != std::string::npos) {
      return fix.replace(begin, called.size(), "them");
    }
  }
  return fix;
}

const Because& most_telling(const Finding& finding) {
  for (const EvidenceKind kind : {EvidenceKind::runtime, EvidenceKind::code}) {
    const auto found = std::ranges::find(finding.because, kind, &Because::kind);
    if (found != finding.because.end()) return *found;
  }
  return finding.because.back();
}

}  // namespace isoaudit::model
