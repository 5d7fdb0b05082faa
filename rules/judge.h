#pragma once

#include <string>
#include <vector>

#include "model/facts.h"
#include "model/report.h"

namespace isoaudit::rules {

struct JudgeOptions {
  /// Slugs; empty means all.
  std::vector<std::string> select{};
  std::vector<std::string> ignore{};
};

/// Facts → report: runs the rules, joins what speaks of the same thing, gives each module its verdicts, sorts.
/// From here on everything is a plain value in its final order.
model::Report judge(model::Facts facts, const JudgeOptions& options);

}  // namespace isoaudit::rules
