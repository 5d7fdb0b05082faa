#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "needs-signal", {.fix = "offer it in the main interpreter alone"});
}

}  // namespace

extern constinit const Rule needs_signal{
    .slug = "needs-signal",
    .group = Group::process,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Uses of `PySignal_SetWakeupFd` and `PyOS_getsig`.

## Why it matters
Signals are the main interpreter's: `signal.signal` raises `ValueError` in all others, and the wake-up descriptor is one
for the process. Code that waits for a signal waits for ever there.

## How to fix
Offer the feature in the main interpreter alone, and say so where it is called elsewhere.

## What it cannot see
Python code that the extension runs, and a test for the main interpreter around the call.
)",
    .check = check,
};

}  // namespace isoaudit::rules
