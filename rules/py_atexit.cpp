#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "py-atexit", {.fix = "register it once for the process, and let it free C memory only"});
}

}  // namespace

extern constinit const Rule py_atexit{
    .slug = "py-atexit",
    .group = Group::c_api,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Uses of `Py_AtExit`.

## Why it matters
There is one list of 32 functions for the process. They run once, after the last interpreter is gone, without a thread
state: no Python object may be touched there. An exec function that calls it adds its function again for each
interpreter, until the list is full.

## How to fix
Free what belongs to a module in `m_free`. What has to happen when an interpreter ends goes to the `atexit` module or to
`PyUnstable_AtExit` (3.13).

## What it cannot see
A once-flag around the call with a function that frees C memory only: that is fine.
)",
    .check = check,
};

}  // namespace isoaudit::rules
