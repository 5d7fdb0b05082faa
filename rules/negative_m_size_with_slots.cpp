#include "rules/declarations.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

bool fits(const model::EntryPoint& entry) {
  const bool multi_phase = entry.init == model::Init::multi_phase || entry.init == model::Init::export_slots;
  return multi_phase && entry.declares.state_size.value_or(0) < 0;
}

std::vector<model::Finding> check(const model::Facts& facts) {
  return declaration_findings(
      facts, model::Severity::blocker, fits,
      {.message = "has a negative m_size with multi-phase init: every interpreter raises SystemError",
       .fix = "set m_size to 0, or to the size of the module state",
       .binary = "its definition goes to PyModuleDef_Init with a negative m_size"});
}

}  // namespace

extern constinit const Rule negative_m_size_with_slots{
    .slug = "negative-m-size-with-slots",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
A `PyModuleDef` with a negative `m_size` that is used for multi-phase init.

## Why it matters
A negative size means "this module keeps its state in globals", which only single-phase init allows. Every interpreter,
the main one included, raises `SystemError: m_size may not be negative for multi-phase initialization`.

## How to fix
`m_size` 0 when there is no state, else `sizeof` its struct.

## What it cannot see
A size that is stored at run time.
)",
    .check = check,
};

}  // namespace isoaudit::rules
