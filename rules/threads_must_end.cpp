#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "threads-must-end",
                      {.fix = "join the thread before its interpreter ends", .each_use = EachUse::of_one_module});
}

}  // namespace

extern constinit const Rule threads_must_end{
    .slug = "threads-must-end",
    .group = Group::process,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Uses of `PyThread_start_new_thread` and `PyThreadState_New`: threads of C that run Python.

## Why it matters
An interpreter ends only when no thread of its own is left. A thread that still holds a thread state when
`Py_EndInterpreter` runs makes it wait or ends the process with a fatal error. In the main interpreter nobody noticed:
there it ended with the process.

## How to fix
Stop and join such threads in `m_free` or in a function that the `atexit` module of that interpreter calls.

## What it cannot see
Threads that end by themselves, and those that are joined: then this is a reminder only.
)",
    .check = check,
};

}  // namespace isoaudit::rules
