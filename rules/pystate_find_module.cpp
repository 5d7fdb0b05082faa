#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "pystate-find-module",
                      {.fix = "use PyModule_GetState(self), PyType_GetModuleByDef() or METH_METHOD with "
                              "PyType_GetModuleState()"});
}

}  // namespace

extern constinit const Rule pystate_find_module{
    .slug = "pystate-find-module",
    .group = Group::c_api,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
Uses of `PyState_FindModule`, `PyState_AddModule` and `PyState_RemoveModule`.

## Why it matters
They work for single-phase modules only, which no isolated interpreter loads. In a multi-phase module the first returns
NULL without an exception (usually a crash follows), the others raise `SystemError`.

## How to fix
`PyModule_GetState(self)` in module functions; `PyType_GetModuleByDef` (3.11) or `METH_METHOD` with
`PyType_GetModuleState(defining_class)` in methods; `PyType_GetModuleByToken` from 3.15.

## What it cannot see
Branches that run on the single-phase path only.
)",
    .check = check,
};

}  // namespace isoaudit::rules
