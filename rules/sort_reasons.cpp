#include "rules/sort_reasons.h"

#include <algorithm>
#include <tuple>

namespace isoaudit::rules {

void sort_reasons(std::vector<model::Finding>& findings) {
  for (model::Finding& finding : findings) {
    const auto group = [&](const model::Because& because) {
      return std::tuple(because.kind, because.where.file.empty(), because.where.file != finding.where.file);
    };
    std::ranges::sort(finding.because, [&](const model::Because& a, const model::Because& b) {
      if (group(a) != group(b)) return group(a) < group(b);
      return std::tie(a.where, a.text) < std::tie(b.where, b.text);
    });
  }
}

}  // namespace isoaudit::rules
