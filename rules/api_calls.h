#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "model/facts.h"
#include "model/finding.h"

namespace isoaudit::rules {

/// A function of CPython's API or of libc that a rule reports wherever it is used.
struct ReportedCall {
  std::string_view name;
  /// "always enters the main interpreter ...": follows "`name`".
  std::string_view harm;
  std::string_view fix;
};

/// A finding for each use in the sources, and for each module that imports one of them.
std::vector<model::Finding> call_findings(const model::Facts& facts, model::Severity severity,
                                          std::span<const ReportedCall> calls);

}  // namespace isoaudit::rules
