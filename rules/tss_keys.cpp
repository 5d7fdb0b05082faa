#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "tss-keys", {.fix = "key the values by PyInterpreterState_GetID()"});
}

}  // namespace

extern constinit const Rule tss_keys{
    .slug = "tss-keys",
    .group = Group::c_api,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Uses of `PyThread_tss_create` and `PyThread_tss_set`.

## Why it matters
The key is one for the process and its values belong to OS threads. One thread can run several interpreters in turn
(`Interpreter.exec` runs in the thread of its caller): the second finds what the first one left.

## How to fix
Key the values by `PyInterpreterState_GetID`, keep them in the module state, or use a `contextvars.ContextVar`.

## What it cannot see
What is stored: plain C data that means the thread is fine. pybind11 makes such keys in every module and keys their
values by interpreter; they are reported as advice.
)",
    .check = check,
};

}  // namespace isoaudit::rules
