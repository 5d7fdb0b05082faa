#include "rules/declarations.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

bool fits(const model::EntryPoint& entry) {
  return entry.declares.multiple_interpreters == model::MultipleInterpreters::not_supported;
}

std::vector<model::Finding> check(const model::Facts& facts) {
  return declaration_findings(
      facts, model::Severity::blocker, fits,
      {.message = "declares that it does not support several interpreters",
       .fix = "port its shared state to module state, then declare Py_MOD_PER_INTERPRETER_GIL_SUPPORTED",
       .binary = "its multiple-interpreters slot holds 0 (not supported)"});
}

}  // namespace

extern constinit const Rule slot_not_supported{
    .slug = "slot-not-supported",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
`Py_mod_multiple_interpreters` set to `Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED`.

## Why it matters
Every interpreter but the main one and legacy sub-interpreters refuses the module. Often it was written on purpose, to
be honest: that is better than a wrong promise.

## How to fix
Port what is shared to module state, then raise the value.

## What it cannot see
Why the author chose it.
)",
    .check = check,
};

}  // namespace isoaudit::rules
