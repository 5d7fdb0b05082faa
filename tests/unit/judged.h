#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "rules/judge.h"

namespace isoaudit::hand_made {

/// "rule severity" of every finding but those on the hook, sorted.
inline std::vector<std::string> judged(const model::Facts& facts) {
  std::vector<std::string> lines;
  for (const model::Finding& finding : rules::judge(facts, {}).findings) {
    if (finding.rule == "no-multiple-interpreters-slot") continue;
    lines.push_back(finding.rule + " " + to_string(finding.severity));
  }
  std::ranges::sort(lines);
  return lines;
}

}  // namespace isoaudit::hand_made
