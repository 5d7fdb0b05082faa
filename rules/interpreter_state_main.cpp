#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "interpreter-state-main",
                      {.fix = "it answers which interpreter runs the code", .asking_for_null_counts = false});
}

}  // namespace

extern constinit const Rule interpreter_state_main{
    .slug = "interpreter-state-main",
    .group = Group::c_api,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Uses of `PyInterpreterState_Main`, `PyInterpreterState_Head` and `PyInterpreterState_Next`.

## Why it matters
They name interpreter 0, or walk all interpreters while these start and end under GILs of their own. Work that belongs
to the calling interpreter is then done in another one.

## How to fix
`PyInterpreterState_Get` is the interpreter that runs the code.

## What it cannot see
A comparison such as `PyInterpreterState_Get() == PyInterpreterState_Main()`, which refuses or allows something for the
main interpreter, is right. `if (!PyInterpreterState_Head())`, whether Python runs at all, is not reported. pybind11 links such a comparison into every module: that import is advice.
)",
    .check = check,
};

}  // namespace isoaudit::rules
