#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(
      facts, "signals-timers",
      {.fix = "do it in the main interpreter only, once for the process", .each_use = EachUse::of_one_module});
}

}  // namespace

extern constinit const Rule signals_timers{
    .slug = "signals-timers",
    .group = Group::process,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Functions that set signal handlers, timers, exit functions and fork handlers of the process.

## Why it matters
They are one for the process. A handler runs in any thread and under any interpreter; Python itself lets only the main
interpreter set them. Exit functions and fork handlers are added again by each interpreter that imports the module and
cannot be taken back.

## How to fix
Do it in the main interpreter only, once for the process; `signalfd`, `pthread_sigmask` and library options do without.

## What it cannot see
Guards such as a once-flag, and handlers that are put back at once.
)",
    .check = check,
};

}  // namespace isoaudit::rules
