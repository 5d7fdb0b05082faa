#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "environment-cwd-umask",
                      {.fix = "leave it to the main program", .each_use = EachUse::of_one_module});
}

}  // namespace

extern constinit const Rule environment_cwd_umask{
    .slug = "environment-cwd-umask",
    .group = Group::process,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Functions that change the environment, the working directory, the file mode mask, a resource limit or the user of the
process; reading the environment is advice.

## Why it matters
They are one for the process: what one interpreter changes for itself all others see at once. `setenv` may move the
table while another thread reads it.

## How to fix
Pass paths relative to a descriptor (`openat`), pass the environment to the child that needs it, and leave the rest to
the main program.

## What it cannot see
Programs' own start-up code. Where libstdc++'s `std::filesystem` was linked in, it imports `chdir` whether the extension
calls it or not: that is advice.
)",
    .check = check,
};

}  // namespace isoaudit::rules
