#include "cli/exit_status.h"

#include <algorithm>

namespace isoaudit::cli {

ExitStatus exit_status(const model::Report& report, std::optional<model::Severity> fail_on) {
  const bool found = fail_on && std::ranges::any_of(report.findings, [&](const model::Finding& finding) {
                       return finding.status < model::Status::suppressed && finding.severity <= *fail_on;
                     });
  if (found) return findings;
  const bool unknown = std::ranges::any_of(report.modules, [](const model::ModuleReport& module) {
    return std::ranges::any_of(module.verdicts, [](const model::Verdict& verdict) {
      // Nothing was run for want of --no-probe or inspect: what was asked for was done.
      return verdict.kind == model::VerdictKind::unknown && !verdict.not_run;
    });
  });
  return unknown || !report.gaps.empty() ? inconclusive : clean;
}

}  // namespace isoaudit::cli
