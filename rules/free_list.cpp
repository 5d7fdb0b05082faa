#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "keeps dead objects of one interpreter for the next that asks, whichever that is",
      .fix =
          "move `{}` into the module state, or drop it: the allocator of each interpreter keeps blocks of small "
          "objects",
      .fix_of_many =
          "move them into the module state, or drop them: the allocator of each interpreter keeps blocks of small "
          "objects"};
  return source_findings(facts, VariableKind::free_list, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule free_list{
    .slug = "free-list",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A static list of objects that a type's `tp_dealloc` or `tp_free` puts its dead instances on, and static lists named
`free_list` or `freelist`.

## Why it matters
The block belongs to the allocator of the interpreter that made it, the type pointer in it to that interpreter's module.
Another interpreter takes it from the list, uses it and frees it with its own allocator. No lock helps.

## How to fix
Put the list into the module state (the type's methods get it with `PyType_GetModuleState`), or drop it: CPython's
allocator is fast for small objects.

## What it cannot see
Lists that are reached through a struct or another function. The counter beside the list is told of by
`non-object-mutable-static`.
)",
    .check = check,
};

}  // namespace isoaudit::rules
