#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "is one type object that all interpreters share and nothing locks",
      .fix = "make `{}` a heap type: PyType_FromModuleAndSpec() in the exec function, the pointer in the module state",
      .fix_of_many =
          "make them heap types: PyType_FromModuleAndSpec() in the exec function, the pointers in the module state"};
  std::vector<model::Finding> findings =
      variable_findings(facts, VariableKind::static_type, model::Severity::hazard, words);
  const std::vector<model::Finding> compiled = static_type_findings(facts, model::Severity::hazard, words);
  findings.insert(findings.end(), compiled.begin(), compiled.end());
  return findings;
}

}  // namespace

extern constinit const Rule static_type_object{
    .slug = "static-type-object",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A `PyTypeObject` with static storage: alone, in an array or inside a struct.

## Why it matters
All interpreters share its dictionary, its list of subclasses, its method cache and its flags, without a lock; what
they hold belongs to the interpreter that readied the type first. Making and deleting subclasses in concurrent
interpreters crashes CPython 3.13 to 3.15 within a tenth of a second. CPython gives storage for each interpreter to
its own static types only.

## How to fix
Describe the type with `PyType_Spec`, make it with `PyType_FromModuleAndSpec` in the `Py_mod_exec` function and keep
the pointer in the module state.

## What it cannot see
Types whose storage is allocated at run time and filled by hand.
)",
    .check = check,
};

}  // namespace isoaudit::rules
