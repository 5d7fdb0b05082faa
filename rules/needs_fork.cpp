#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "needs-fork", {.fix = "fork in the main interpreter alone, or start a new program"});
}

}  // namespace

extern constinit const Rule needs_fork{
    .slug = "needs-fork",
    .group = Group::process,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Uses of `PyOS_BeforeFork`, `PyOS_AfterFork_Parent`, `PyOS_AfterFork_Child` and `PyOS_AfterFork`.

## Why it matters
Interpreters with their own GIL may not fork (`RuntimeError: fork not supported for isolated subinterpreters`), and these
functions do not ask: what is called around them forks a process in which all other interpreters' threads are gone.

## How to fix
Offer the feature in the main interpreter alone, or start a new program (`posix_spawn`, `subprocess`).

## What it cannot see
A test for the main interpreter around the call.
)",
    .check = check,
};

}  // namespace isoaudit::rules
