#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "keeps the module of the interpreter that imported last",
      .fix = "drop `{}`: a method gets its module as self, a type finds it with PyType_GetModuleByDef()",
      .fix_of_many = "drop them: a method gets its module as self, a type finds it with PyType_GetModuleByDef()"};
  return variable_findings(facts, VariableKind::module_pointer, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule global_module_pointer{
    .slug = "global-module-pointer",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global that keeps the module object itself: what the exec function was given, or what `PyModule_Create` returned.

## Why it matters
Each interpreter has a module of its own. The global names the one that was imported last, so code of the other
interpreters reads and writes a foreign module's state and dictionary, and uses freed memory once that interpreter
ends.

## How to fix
Methods get their module as `self`, methods with `METH_METHOD` through their defining class
(`PyType_GetModuleState`), slots of a type with `PyType_GetModuleByDef`.

## What it cannot see
A module that went through a function of the module's own before it was stored is reported as global-pyobject-cache.
)",
    .check = check,
};

}  // namespace isoaudit::rules
