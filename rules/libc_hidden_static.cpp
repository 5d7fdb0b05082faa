#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(
      facts, "libc-hidden-static",
      {.fix = "hold a lock of your own around the call and the use of its result", .each_use = EachUse::of_one_module});
}

}  // namespace

extern constinit const Rule libc_hidden_static{
    .slug = "libc-hidden-static",
    .group = Group::process,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Functions of the C library that keep a result, a position or a generator in a variable of the process: `localtime`,
`strtok`, `getpwnam`, `drand48`, `getpwent` and others. One finding for each function and module.

## Why it matters
The GIL was their lock. With two GILs, two threads are inside at the same moment and read each other's results.

## How to fix
The `_r` forms, or a lock of your own around the call and the use of its result. Where the C library is known to be
safer than the standard asks (glibc's `strerror`, `rand`) the finding is advice. Windows keeps these results for each
thread: nothing is reported there.

## What it cannot see
Calls that a library makes, and locks held around the call. An import alone (status `possible`) does not tell that the
call is reached.
)",
    .check = check,
};

}  // namespace isoaudit::rules
