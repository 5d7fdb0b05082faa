#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

constexpr const char* hook_fix = "do it in the main interpreter only, once for the process";
/// Whoever calls this from elsewhere wants his callback run, and not in the main interpreter.
constexpr const char* pending_call_fix =
    "run the callback in the interpreter that it is for: under a thread state of that interpreter "
    "(PyThreadState_New())";

std::vector<model::Finding> check(const model::Facts& facts) {
  std::vector<model::Finding> findings = api_findings(
      facts, "process-global-hooks", {.fix = hook_fix, .counts = [](const model::ApiUse& use) { return !use.read; }});
  for (model::Finding& finding : findings) {
    if (finding.subject.name == "Py_AddPendingCall" && finding.fix == hook_fix) finding.fix = pending_call_fix;
  }
  return findings;
}

}  // namespace

extern constinit const Rule process_global_hooks{
    .slug = "process-global-hooks",
    .group = Group::c_api,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Functions and variables of CPython that set a hook, an allocator or a table of the whole process: `PyOS_InputHook`,
`PySys_AddAuditHook`, `PyMem_SetAllocator`, `PyImport_AppendInittab`, `Py_AddPendingCall` and their like.

## Why it matters
There is one of each for the process, whatever interpreter asks. The last writer wins, nothing locks the place, and the
hook runs in an interpreter that may not be the one that set it.

## How to fix
Set it from the main program or from the main interpreter only, or do without. In place of `Py_AddPendingCall`, call the
function under a thread state of the interpreter that it is for.

## What it cannot see
Whether a module that imports the variable only reads it, and whether the code runs in the main interpreter only. Programs that embed Python use
these functions by right.
)",
    .check = check,
};

}  // namespace isoaudit::rules
