#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "interpreter-view-from-main", {.fix = "keep the view with the callback"});
}

}  // namespace

extern constinit const Rule interpreter_view_from_main{
    .slug = "interpreter-view-from-main",
    .group = Group::c_api,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Uses of `PyInterpreterView_FromMain` (3.15).

## Why it matters
The view always leads to the main interpreter. A callback that attaches through it runs there, whoever registered it:
the fault of `PyGILState_Ensure` in new words.

## How to fix
Take `PyInterpreterView_FromCurrent` where the callback is registered and keep it with the callback.

## What it cannot see
Whether the work really belongs to the main interpreter.
)",
    .check = check,
};

}  // namespace isoaudit::rules
