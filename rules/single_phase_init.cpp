#include "rules/declarations.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

bool fits(const model::EntryPoint& entry) { return entry.init == model::Init::single_phase; }

std::vector<model::Finding> check(const model::Facts& facts) {
  return declaration_findings(
      facts, model::Severity::blocker, fits,
      {.message = "uses single-phase init: one module object for the process, refused in every isolated interpreter",
       .fix = "return PyModuleDef_Init(&def) and move the work to a Py_mod_exec slot; state goes into m_size",
       .binary = "the hook makes the module itself (PyModule_Create2, not PyModuleDef_Init)"});
}

}  // namespace

extern constinit const Rule single_phase_init{
    .slug = "single-phase-init",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
A hook (`PyInit_x`) that returns a finished module object instead of `PyModuleDef_Init(&def)`: single-phase init.

## Why it matters
There is one module object for the whole process. An isolated interpreter refuses it ("module x does not support
loading in subinterpreters"); a legacy one gets a shallow copy of its dictionary, with every function, type and object
shared (PEP 489, PEP 630).

## How to fix
Return `PyModuleDef_Init(&def)`, do the work in a `Py_mod_exec` slot, keep state in `m_size` bytes of module state
(`PyModule_GetState`), make types heap types; declare `Py_MOD_PER_INTERPRETER_GIL_SUPPORTED` last.

## What it cannot see
A module object that another library makes on the hook's behalf is undetermined, unless a framework is recognised.
)",
    .check = check,
};

}  // namespace isoaudit::rules
