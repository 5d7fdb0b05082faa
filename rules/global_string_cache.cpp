#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "keeps a string of one interpreter where every interpreter finds it",
      .fix = "move `{}` into the module state, or use the functions that take C strings (PyObject_GetAttrString)",
      .fix_of_many =
          "move them into the module state, or use the functions that take C strings (PyObject_GetAttrString)"};
  return variable_findings(facts, VariableKind::string_cache, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule global_string_cache{
    .slug = "global-string-cache",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global that keeps a string made with `PyUnicode_InternFromString` or `PyUnicode_FromString`: the name of a method or
of a key that is looked up often.

## Why it matters
The string belongs to the interpreter that made it, and so do the table of interned strings that holds it and the
memory that it lies in. When that interpreter ends, the others keep a pointer to freed memory; while it lives, they
change its reference count without a lock. CPython 3.12 makes interned names immortal, so that tests pass there.

## How to fix
Make the strings in the exec function and keep them in the module state, or use the functions that take C strings.

## What it cannot see
Strings that come from a function of the module's own are reported as global-pyobject-cache.
)",
    .check = check,
};

}  // namespace isoaudit::rules
