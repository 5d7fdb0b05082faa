#include "cli/exit_status.h"

#include <gtest/gtest.h>

namespace isoaudit::cli {
namespace {

model::Report with_finding(model::Severity severity) {
  model::Report report;
  report.findings.resize(1);
  report.findings[0].severity = severity;
  return report;
}

TEST(ExitStatus, FindingsOutweighGapsAndGapsOutweighSilence) {
  EXPECT_EQ(exit_status({}, model::Severity::hazard), clean);
  EXPECT_EQ(exit_status(with_finding(model::Severity::blocker), model::Severity::hazard), findings);
  EXPECT_EQ(exit_status(with_finding(model::Severity::hazard), model::Severity::hazard), findings);
  EXPECT_EQ(exit_status(with_finding(model::Severity::advice), model::Severity::hazard), clean);
  EXPECT_EQ(exit_status(with_finding(model::Severity::hazard), model::Severity::blocker), clean);
  EXPECT_EQ(exit_status(with_finding(model::Severity::blocker), std::nullopt), clean);

  model::Report gap;
  gap.gaps = {{"x", "could not be read"}};
  EXPECT_EQ(exit_status(gap, model::Severity::hazard), inconclusive);
  EXPECT_EQ(exit_status(gap, std::nullopt), inconclusive);
  gap.findings = with_finding(model::Severity::blocker).findings;
  EXPECT_EQ(exit_status(gap, model::Severity::hazard), findings);
}

TEST(ExitStatus, AnUndecidedModuleIsInconclusiveUnlessNobodyAskedToRunIt) {
  model::Report report;
  report.modules.resize(1);
  report.modules[0].verdicts.resize(1);
  EXPECT_EQ(exit_status(report, model::Severity::hazard), inconclusive);
  report.modules[0].verdicts[0].not_run = true;
  EXPECT_EQ(exit_status(report, model::Severity::hazard), clean);
}

TEST(ExitStatus, SuppressedFindingsDoNotCount) {
  auto report = with_finding(model::Severity::blocker);
  report.findings[0].status = model::Status::suppressed;
  EXPECT_EQ(exit_status(report, model::Severity::hazard), clean);
}

}  // namespace
}  // namespace isoaudit::cli
