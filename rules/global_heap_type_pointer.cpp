#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "keeps the heap type of the interpreter that imported last",
      .fix =
          "move `{}` into the module state; methods reach it with PyType_GetModuleState() or PyType_GetModuleByDef()",
      .fix_of_many =
          "move them into the module state; methods reach them with PyType_GetModuleState() or "
          "PyType_GetModuleByDef()"};
  return variable_findings(facts, VariableKind::heap_type_pointer, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule global_heap_type_pointer{
    .slug = "global-heap-type-pointer",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global that points to a heap type (`PyType_FromSpec`, `PyStructSequence_NewType` and their like).

## Why it matters
Each interpreter makes its own heap type; a global keeps the last importer's. The others then create and check
instances against a type that is not theirs: `isinstance` fails, and objects cross interpreters.

## How to fix
Keep the pointer in the module state; methods get it through `PyType_GetModuleState(defining_class)` or
`PyType_GetModuleByDef`.

## What it cannot see
Pointers that are kept in memory reached only through another pointer.
)",
    .check = check,
};

}  // namespace isoaudit::rules
