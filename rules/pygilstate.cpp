#include <fmt/format.h>

#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

constexpr char fix[] =
    "keep the PyInterpreterState* of whoever registers the callback; attach with PyThreadState_New() and "
    "PyEval_RestoreThread(), from 3.15 with PyThreadState_EnsureFromView()";

/// A run saw where such a thread came out.
void add_run_findings(const model::RunFacts& run, std::vector<model::Finding>& findings) {
  for (const model::Phase& phase : run.phases) {
    for (const model::ForeignThread& thread : phase.foreign_threads) {
      model::Finding finding;
      finding.subject = {thread.asked, thread.asked, "", ""};
      finding.module = run.module;
      finding.where.file = run.path;
      finding.pythons = {run.python};
      finding.severity = model::Severity::hazard;
      finding.status = model::Status::confirmed;
      finding.message =
          fmt::format("`{}` put a thread into the main interpreter, which does not have the module", thread.asked);
      finding.fix = fix;
      finding.because.push_back(
          {model::EvidenceKind::runtime,
           fmt::format("Python {} ({}): in {}, a thread that ran no interpreter got the main one{}", run.python,
                       to_string(phase.level), thread.step,
                       thread.by.function.empty() ? "" : fmt::format(", asked for by `{}`", thread.by.function)),
           {}});
      findings.push_back(std::move(finding));
    }
  }
}

// PyGILState_Release belongs to an Ensure, which is what the finding is about.
std::vector<model::Finding> check(const model::Facts& facts) {
  std::vector<model::Finding> findings = api_findings(facts, "pygilstate", {.fix = fix});
  for (const model::RunFacts& run : facts.runs) add_run_findings(run, findings);
  return findings;
}

}  // namespace

extern constinit const Rule pygilstate{
    .slug = "pygilstate",
    .group = Group::c_api,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Uses of `PyGILState_Ensure` and `PyGILState_GetThisThreadState`; and, in a run, threads that got the main interpreter by
the first, although only other interpreters have the module.

## Why it matters
On a thread that runs no interpreter yet, `PyGILState_Ensure` enters interpreter 0, in every version up to 3.15. A
callback that was registered by another interpreter then touches that interpreter's objects under the wrong GIL.
`PyGILState_Check` answers 1 always once a sub-interpreter was made.

## How to fix
Up to 3.14: keep the `PyInterpreterState *` at registration; in the callback `PyThreadState_New(interp)` and
`PyEval_RestoreThread`, then `PyThreadState_Clear` and `PyThreadState_DeleteCurrent`. From 3.15:
`PyInterpreterView_FromCurrent` at registration and `PyThreadState_EnsureFromView`.

## What it cannot see
Whether the thread already runs the right interpreter: `PyGILState_Ensure` is harmless there.
)",
    .check = check,
};

}  // namespace isoaudit::rules
