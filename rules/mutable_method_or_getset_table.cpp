#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "is a table of definitions that is changed at run time, by every interpreter that comes along",
      .fix = "write the values of `{}` into its initialiser",
      .fix_of_many = "write their values into their initialisers"};
  return source_findings(facts, VariableKind::definition_table, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule mutable_method_or_getset_table{
    .slug = "mutable-method-or-getset-table",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Static tables of `PyMethodDef`, `PyGetSetDef`, `PyMemberDef`, `PyType_Slot`, `PyType_Spec`, `PyModuleDef` and their kin
whose fields are stored to after the initialiser.

## Why it matters
CPython takes these tables as constant and reads them without a lock: types and functions keep pointers to their rows.
An interpreter that fills a row in anew while another makes a type from it hands out half of each; a slot that holds a
heap type of one interpreter makes that type the base of the others' types.

## How to fix
Write the values into the initialiser. A base that is only known at run time is an argument of
`PyType_FromModuleAndSpec`, a docstring that is computed can be a table on the heap for each interpreter.

## What it cannot see
Tables behind pointers. One store of one and the same value is advice. Types themselves are `static-type-object`.
)",
    .check = check,
};

}  // namespace isoaudit::rules
