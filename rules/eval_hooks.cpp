#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "eval-hooks",
                      {.fix = "install it in each interpreter and keep its records in the module state"});
}

}  // namespace

extern constinit const Rule eval_hooks{
    .slug = "eval-hooks",
    .group = Group::c_api,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Functions that hook into the evaluation of Python code: `PyEval_SetTrace`, `PyEval_SetProfile`, their `AllThreads`
forms, and replacing the frame evaluation function (PEP 523).

## Why it matters
They act on a thread or on one interpreter. A profiler or debugger that was started in one interpreter sees nothing of
the others; one that keeps its buffers in globals mixes what several interpreters write at the same moment.

## How to fix
Start it in each interpreter, and keep what it records in the module state.

## What it cannot see
Where the records go: see the findings on globals.
)",
    .check = check,
};

}  // namespace isoaudit::rules
