#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{.harm = "pins the object of the interpreter that came here first",
                                .fix = "make `{}` in the exec function and keep it in the module state",
                                .fix_of_many = "make them in the exec function and keep them in the module state"};
  return variable_findings(facts, VariableKind::local_object, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule function_local_static_object{
    .slug = "function-local-static-object",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A static local variable that holds a Python object.

## Why it matters
The usual "if it is NULL, make it" pins the first interpreter's object for all the others, and two interpreters run
the test at once.

## How to fix
Keep it in the module state, made in the `Py_mod_exec` function.

## What it cannot see
`static char *kwlist[]`, `static _PyArg_Parser` and other tables are constant by convention and not reported.
)",
    .check = check,
};

}  // namespace isoaudit::rules
