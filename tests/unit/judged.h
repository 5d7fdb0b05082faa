#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"

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

/// A program of one variable, and what is told of it.
struct VariableRow {
  const char* what;
  model::Variable variable;
  std::vector<std::string> expected;
};

inline void expect_judged(const std::vector<VariableRow>& rows) {
  for (const VariableRow& row : rows) EXPECT_EQ(judged(source_of({row.variable})), row.expected) << row.what;
}

}  // namespace isoaudit::hand_made
