#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(
      facts, "py-main-thread-assumption",
      {.fix = "give a long loop another way to be stopped as well", .each_use = EachUse::of_one_module});
}

}  // namespace

extern constinit const Rule py_main_thread_assumption{
    .slug = "py-main-thread-assumption",
    .group = Group::c_api,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Uses of `PyErr_CheckSignals` and `PyOS_InterruptOccurred`.

## Why it matters
Signals are handled in the main thread of the main interpreter. Everywhere else these functions return at once and find
nothing: a long loop that relies on them cannot be interrupted from another interpreter.

## How to fix
Keep the calls, they harm nobody. Let a long loop also ask for something that another interpreter can set: a flag in
the module state, a timeout.

## What it cannot see
Whether the loop ends by itself soon enough.
)",
    .check = check,
};

}  // namespace isoaudit::rules
