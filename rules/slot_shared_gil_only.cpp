#include "rules/declarations.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

bool fits(const model::EntryPoint& entry) {
  return entry.declares.multiple_interpreters == model::MultipleInterpreters::supported;
}

std::vector<model::Finding> check(const model::Facts& facts) {
  return declaration_findings(
      facts, model::Severity::blocker, fits,
      {.message = "declares support for several interpreters under one GIL only",
       .fix = "remove or lock what relies on one GIL, then declare Py_MOD_PER_INTERPRETER_GIL_SUPPORTED",
       .binary = "its multiple-interpreters slot holds 1 (one shared GIL)"});
}

}  // namespace

extern constinit const Rule slot_shared_gil_only{
    .slug = "slot-shared-gil-only",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
`Py_mod_multiple_interpreters` set to `Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED`: several interpreters, one GIL.

## Why it matters
Interpreters with a GIL of their own refuse the module; `concurrent.interpreters` and `InterpreterPoolExecutor` make
such interpreters.

## How to fix
Remove or lock what is shared without a GIL to guard it, then declare `Py_MOD_PER_INTERPRETER_GIL_SUPPORTED`.

## What it cannot see
Whether the module is already safe and its author only careful: look at the other findings.
)",
    .check = check,
};

}  // namespace isoaudit::rules
