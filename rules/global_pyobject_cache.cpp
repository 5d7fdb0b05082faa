#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "holds Python objects of one interpreter where every interpreter finds them",
      .fix = "move `{}` into the module state (m_size), visit it in m_traverse, clear it in m_clear"};
  return variable_findings(facts, VariableKind::object_cache, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule global_pyobject_cache{
    .slug = "global-pyobject-cache",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global, static or static member that holds Python objects (pointers, arrays, containers, wrapper classes) and is
written outside its initialiser.

## Why it matters
An object belongs to the interpreter that made it: its reference count and its data have no lock, its memory comes
from that interpreter's allocator. Used from a second interpreter it corrupts memory, often without concurrency.

## How to fix
Keep it in the module state, or in `PyInterpreterState_GetDict`.

## What it cannot see
Objects behind pointers to plain memory.
)",
    .check = check,
};

}  // namespace isoaudit::rules
