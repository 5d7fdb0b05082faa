#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "keeps a number that CPython gave to one interpreter",
      .fix = "keep it in the module state: `{}` holds what the last interpreter was given",
      .fix_of_many = "keep them in the module state: each holds what the last interpreter was given"};
  return variable_findings(facts, VariableKind::registration, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule per_interpreter_registration_cached_in_static{
    .slug = "per-interpreter-registration-cached-in-static",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global that keeps what `PyDict_AddWatcher`, `PyType_AddWatcher`, `PyCode_AddWatcher`, `PyFunction_AddWatcher`,
`PyContext_AddWatcher` or `PyUnstable_Eval_RequestCodeExtraIndex` returned.

## Why it matters
Each interpreter counts its watchers and extra indexes for itself. With another one's number a module watches with a
callback that is not its own, clears somebody else's, or reads beyond what its interpreter allocated. No lock helps.

## How to fix
A field of the module state.

## What it cannot see
Numbers that are stored through a pointer or by a function of the project.
)",
    .check = check,
};

}  // namespace isoaudit::rules
