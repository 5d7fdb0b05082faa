#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{.harm = "keeps the state of the interpreter or thread that came last",
                                .fix = "keep `{}` in the call or in the object that needs it",
                                .fix_of_many = "keep them in the call or in the object that needs them"};
  return variable_findings(facts, VariableKind::thread_state, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule stored_thread_or_interpreter_state{
    .slug = "stored-thread-or-interpreter-state",
    .group = Group::c_api,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global or static `PyThreadState *` or `PyInterpreterState *`.

## Why it matters
The next interpreter overwrites it; restoring another interpreter's thread state deadlocks or ends the process.

## How to fix
Keep it in the call or in the object that needs it.

## What it cannot see
States kept inside plain memory reached by pointers.
)",
    .check = check,
};

}  // namespace isoaudit::rules
