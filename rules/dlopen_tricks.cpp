#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "dlopen-tricks", {.fix = "leave the library loaded, or count its users under a lock"});
}

}  // namespace

extern constinit const Rule dlopen_tricks{
    .slug = "dlopen-tricks",
    .group = Group::process,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Uses of `dlmopen`, `dlclose` and `FreeLibrary`.

## Why it matters
Extension modules are loaded once for the process and are never unloaded, whichever interpreter ends. A library that
the extension loads itself is shared by all of them: who unloads it at the end of one interpreter takes it from the
others, with the code of functions that they are about to call. `dlmopen` gives a second copy of a library and of all
that it depends on, libpython included.

## How to fix
Load the library once and leave it loaded, or count its users under a lock.

## What it cannot see
Which library it is, and whether an interpreter's end leads to the call.
)",
    .check = check,
};

}  // namespace isoaudit::rules
