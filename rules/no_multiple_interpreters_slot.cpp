#include "rules/declarations.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

bool fits(const model::EntryPoint& entry) {
  if (entry.init != model::Init::multi_phase && entry.init != model::Init::export_slots) return false;
  return entry.declares.multiple_interpreters == model::MultipleInterpreters::absent && entry.declares.invalid.empty();
}

std::vector<model::Finding> check(const model::Facts& facts) {
  return declaration_findings(
      facts, model::Severity::blocker, fits,
      {.message = "has no Py_mod_multiple_interpreters slot: it loads only where the interpreters share one GIL",
       .fix =
           "once nothing is shared any more, add {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}",
       .binary = "its slot table holds no multiple-interpreters slot"});
}

}  // namespace

extern constinit const Rule no_multiple_interpreters_slot{
    .slug = "no-multiple-interpreters-slot",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
A multi-phase module without a `Py_mod_multiple_interpreters` slot.

## Why it matters
Absent means `Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED`: the module loads in several interpreters only where they share
one GIL. Interpreters with a GIL of their own refuse it (Python 3.12 and newer).

## How to fix
First remove what the module shares (see the other findings), then add
`{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}`. Never add the slot first: nobody checks the
promise.

## What it cannot see
A slot table that is filled at run time is undetermined, and then not reported here.
)",
    .check = check,
};

}  // namespace isoaudit::rules
