#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "removed-or-legacy-thread-api", {.fix = "remove it"});
}

}  // namespace

extern constinit const Rule removed_or_legacy_thread_api{
    .slug = "removed-or-legacy-thread-api",
    .group = Group::c_api,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
Functions from the time of one interpreter: `PyEval_AcquireLock`, `PyEval_ReleaseLock`, `PyEval_ThreadsInitialized`
(gone from the headers of 3.13); as advice `PyEval_InitThreads` and the `PyThread_create_key` family, which are still
declared.

## Why it matters
They name no interpreter, so they cannot mean the right one. What 3.13 removed does not compile any more.

## How to fix
`PyEval_AcquireThread` and `PyEval_ReleaseThread` name their thread state; `PyEval_InitThreads` can go; keys are
`PyThread_tss_*` now, and mostly not needed.

## What it cannot see
Calls behind `#if PY_VERSION_HEX` for older versions, when compile commands choose them.
)",
    .check = check,
};

}  // namespace isoaudit::rules
