#include "rules/finding_index.h"

namespace isoaudit::rules {

FindingIndex::FindingIndex(const std::vector<model::Finding>& findings, const UnitLinks& links) {
  for (const model::Finding& finding : findings) {
    for (const std::string& module : links.modules_of(finding)) by_module_[module].push_back(&finding);
  }
}

const std::vector<const model::Finding*>& FindingIndex::of(std::string_view module) const {
  static const std::vector<const model::Finding*> none;
  const auto entry = by_module_.find(std::string(module));
  return entry == by_module_.end() ? none : entry->second;
}

}  // namespace isoaudit::rules
