#include "rules/declarations.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

bool fits(const model::EntryPoint& entry) {
  return entry.init == model::Init::single_phase && entry.declares.state_size.value_or(0) < 0;
}

std::vector<model::Finding> check(const model::Facts& facts) {
  return declaration_findings(
      facts, model::Severity::hazard, fits,
      {.message = "has m_size -1: interpreters that share a GIL get copies of one dictionary, with the same objects",
       .fix = "use multi-phase init with the state in m_size",
       .binary = "its definition has m_size -1 and no slots"});
}

}  // namespace

extern constinit const Rule m_copy_sharing{
    .slug = "m-copy-sharing",
    .group = Group::definition,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A single-phase module whose `m_size` is -1.

## Why it matters
Interpreters with a GIL of their own refuse it. Those that share a GIL load it: the first import keeps a copy of the
module's dictionary, and every later interpreter gets a new module with the same values. Functions, types and objects
then belong to several interpreters; strings among them outlive the one that made them (gh-116510).

## How to fix
Multi-phase init: `PyModuleDef_Init`, a `Py_mod_exec` slot, the state in `m_size`.

## What it cannot see
Definitions that a framework makes at run time.
)",
    .check = check,
};

}  // namespace isoaudit::rules
