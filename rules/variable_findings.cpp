#include "rules/variable_findings.h"

#include "rules/code_findings.h"

namespace isoaudit::rules {

std::vector<model::Finding> variable_findings(const model::Facts& facts, VariableKind kind, model::Severity severity,
                                              const VariableWords& words) {
  std::vector<model::Finding> findings = source_findings(facts, kind, severity, words);
  for (auto* seen_by : {run_findings, code_findings}) {
    const std::vector<model::Finding> more = seen_by(facts, kind, severity, words);
    findings.insert(findings.end(), more.begin(), more.end());
  }
  return findings;
}

}  // namespace isoaudit::rules
