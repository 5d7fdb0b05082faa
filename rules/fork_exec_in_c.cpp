#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "fork-exec-in-c",
                      {.fix = "start processes through the subprocess module", .each_use = EachUse::of_one_module});
}

}  // namespace

extern constinit const Rule fork_exec_in_c{
    .slug = "fork-exec-in-c",
    .group = Group::process,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
`fork`, `exec`, `system`, `popen` and their like, called from C; `posix_spawn` is advice.

## Why it matters
Isolated interpreters refuse `os.fork` and `os.exec`; calls in C go past that check. The child of a fork has lost the
threads of all other interpreters in the middle of their work, with whatever locks they held; `exec` ends them all.

## How to fix
`subprocess` from Python, or `posix_spawn`.

## What it cannot see
Whether the child only calls async-signal-safe functions and then `exec`, which is sound.
)",
    .check = check,
};

}  // namespace isoaudit::rules
