#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "needs-main-thread-ui", {.fix = "start the interface from the main interpreter alone"});
}

}  // namespace

extern constinit const Rule needs_main_thread_ui{
    .slug = "needs-main-thread-ui",
    .group = Group::process,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Uses of functions that start a user interface which belongs to one thread of the process: Tk, readline's prompt,
GTK, GLUT, SDL's video.

## Why it matters
Interpreters with their own GIL run in threads of their own. These libraries answer only the thread that started them,
mostly the first one, and have one state for the process.

## How to fix
Start the interface from the main interpreter alone and let others send it what to show.

## What it cannot see
Toolkits in C++, whose functions have no C name.
)",
    .check = check,
};

}  // namespace isoaudit::rules
