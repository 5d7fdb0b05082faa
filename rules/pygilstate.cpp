#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

// PyGILState_Release belongs to an Ensure, which is what the finding is about.
std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(
      facts, "pygilstate",
      {.fix = "keep the PyInterpreterState* of whoever registers the callback; attach with PyThreadState_New() and "
              "PyEval_RestoreThread(), from 3.15 with PyThreadState_EnsureFromView()"});
}

}  // namespace

extern constinit const Rule pygilstate{
    .slug = "pygilstate",
    .group = Group::c_api,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Uses of `PyGILState_Ensure` and `PyGILState_GetThisThreadState`.

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
