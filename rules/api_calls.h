#pragma once

#include <string_view>
#include <vector>

#include "model/facts.h"
#include "model/finding.h"

namespace isoaudit::rules {

/// How the uses of one function become findings.
enum class EachUse {
  is_a_finding,   ///< one for each line
  of_one_module,  ///< one for each function and module, with its lines as reasons
};

/// What differs from rule to rule in a finding about a function of an API.
struct ApiWords {
  /// Follows "use localtime_r(); ", and stands alone where the function has no better twin.
  std::string_view fix;
  EachUse each_use = EachUse::is_a_finding;
  /// Whether such a use in a source means what the rule is about; null: each does.
  bool (*counts)(const model::ApiUse& use) = nullptr;
};

/// Findings for the functions that rules/api_names lists for the rule: for their uses in the sources, and for each
/// module that imports them. An import alone is `possible`: it does not say on which way the function is called. A run
/// that changed what such a function changes is a finding as well.
std::vector<model::Finding> api_findings(const model::Facts& facts, std::string_view slug, const ApiWords& words);

}  // namespace isoaudit::rules
