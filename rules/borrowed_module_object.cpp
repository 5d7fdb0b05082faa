#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "keeps a module, or the dictionary of one, of the interpreter that came last",
      .fix = "import it again where it is needed, or keep it in the module state instead of `{}`",
      .fix_of_many = "import them again where they are needed, or keep them in the module state instead"};
  return variable_findings(facts, VariableKind::module_object, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule borrowed_module_object{
    .slug = "borrowed-module-object",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global that keeps what `PyImport_ImportModule`, `PyImport_AddModule`, `PySys_GetObject`, `PyEval_GetBuiltins`,
`PyModule_GetDict` or one of their kin returned.

## Why it matters
Each interpreter has its own modules. Through the global, code of one interpreter reads and changes another one's
modules, and when that interpreter ends they are gone; what was only borrowed is gone even before.

## How to fix
Import where it is needed (a lookup in `sys.modules`), or keep the object in the module state.

## What it cannot see
Attributes of modules that are kept: these are told of by the rules for what they are.
)",
    .check = check,
};

}  // namespace isoaudit::rules
