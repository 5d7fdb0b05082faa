#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{.harm = "keeps the exception class of the interpreter that imported last",
                                .fix = "make `{}` in the exec function and keep it in the module state",
                                .fix_of_many = "make them in the exec function and keep them in the module state"};
  return variable_findings(facts, VariableKind::exception, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule global_exception{
    .slug = "global-exception",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global that holds an exception class made with `PyErr_NewException` or `PyErr_NewExceptionWithDoc`.

## Why it matters
Each import replaces it. Interpreters that imported earlier then raise a class of another interpreter: `except
module.Error` no longer matches, and concurrent imports crash.

## How to fix
Make the class in the `Py_mod_exec` function and keep it in the module state.

## What it cannot see
Globals that only ever hold `PyExc_...` are builtin, shared by design, and not reported.
)",
    .check = check,
};

}  // namespace isoaudit::rules
