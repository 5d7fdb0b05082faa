#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/finding.h"
#include "rules/link_units.h"

namespace isoaudit::rules {

/// Findings by the modules that they speak of, in the order in which they came. The findings must outlive it.
class FindingIndex {
 public:
  FindingIndex(const std::vector<model::Finding>& findings, const UnitLinks& links);

  const std::vector<const model::Finding*>& of(std::string_view module) const;

 private:
  std::unordered_map<std::string, std::vector<const model::Finding*>> by_module_{};
};

}  // namespace isoaudit::rules
