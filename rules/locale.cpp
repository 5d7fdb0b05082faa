#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(
      facts, "locale",
      {.fix = "use PyOS_string_to_double() or the functions that take a locale_t", .each_use = EachUse::of_one_module});
}

}  // namespace

extern constinit const Rule locale{
    .slug = "locale",
    .group = Group::process,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Uses of `setlocale`, `localeconv` and `nl_langinfo`.

## Why it matters
The locale is one for the process. While one interpreter formats a number under a locale that it has set for a moment,
all the others do too.

## How to fix
`newlocale` and `uselocale` act on one thread; `strtod_l` and `PyOS_string_to_double` need no locale at all.

## What it cannot see
`setlocale(category, NULL)` only reads; an import does not tell.
)",
    .check = check,
};

}  // namespace isoaudit::rules
