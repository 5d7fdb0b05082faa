#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "fd-and-stdio",
                      {.fix = "put it back at once, under a lock", .each_use = EachUse::of_one_module});
}

}  // namespace

extern constinit const Rule fd_and_stdio{
    .slug = "fd-and-stdio",
    .group = Group::process,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Functions that change descriptors, streams, the terminal or the floating-point mode: `dup2`, `freopen`, `setvbuf`,
`tcsetattr`, `fesetround`, `SetErrorMode` and their like.

## Why it matters
Streams, descriptors and the terminal are one for the process; the floating-point mode belongs to the thread, which can
run several interpreters in turn.

## How to fix
Change it for a moment only, under a lock, and put it back; leave redirections to the main program.

## What it cannot see
Which descriptor is meant: only 0 to 2 are everybody's.
)",
    .check = check,
};

}  // namespace isoaudit::rules
