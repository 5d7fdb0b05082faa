#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "cross-interpreter-data-private-api",
                      {.fix = "pass bytes through concurrent.interpreters queues"});
}

}  // namespace

extern constinit const Rule cross_interpreter_data_private_api{
    .slug = "cross-interpreter-data-private-api",
    .group = Group::c_api,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
The private functions behind the passing of data between interpreters: `_PyCrossInterpreterData_*` (3.12, 3.13) and
`_PyXIData_*` (3.14).

## Why it matters
They were public by accident in 3.12, internal in 3.13 and renamed in 3.14. Registering a class puts a pointer of one
interpreter's heap type into a registry of the process.

## How to fix
Pass bytes or buffers through `concurrent.interpreters` queues.

## What it cannot see
Uses through `dlsym`.
)",
    .check = check,
};

}  // namespace isoaudit::rules
