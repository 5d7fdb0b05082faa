#include "rules/declarations.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

bool fits(const model::EntryPoint& entry) {
  const bool multi_phase = entry.init == model::Init::multi_phase || entry.init == model::Init::export_slots;
  const model::Declaration& declares = entry.declares;
  return multi_phase && declares.invalid.empty() && declares.state_size.value_or(0) > 0 &&
         (!declares.has_traverse || !declares.has_clear);
}

std::vector<model::Finding> check(const model::Facts& facts) {
  return declaration_findings(facts, model::Severity::advice, fits,
                              {.message = "has module state, yet not both m_traverse and m_clear",
                               .fix = "visit every PyObject* of the state in m_traverse, clear it in m_clear; m_free "
                                      "frees memory of C",
                               .binary = "its definition has a positive m_size, and m_traverse or m_clear is NULL"});
}

}  // namespace

extern constinit const Rule module_state_without_gc_hooks{
    .slug = "module-state-without-gc-hooks",
    .group = Group::definition,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
A module with state (`m_size` above 0) whose definition lacks `m_traverse` or `m_clear`.

## Why it matters
Objects in the state are never found by the garbage collector and outlive their interpreter. One block that is still in
use keeps all memory arenas of an isolated interpreter: they are leaked on purpose.

## How to fix
`Py_VISIT` every object of the state in `m_traverse`, `Py_CLEAR` it in `m_clear`, call that from `m_free` and free there
what C allocated.

## What it cannot see
Whether the state holds objects at all: plain C data needs no hooks.
)",
    .check = check,
};

}  // namespace isoaudit::rules
