#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "keeps memory of one interpreter's allocator where every interpreter finds it",
      .fix = "allocate `{}` with PyMem_RawMalloc() or malloc(), or move it into the module state",
      .fix_of_many = "allocate them with PyMem_RawMalloc() or malloc(), or move them into the module state"};
  return variable_findings(facts, VariableKind::pymem_block, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule pymem_block_in_global{
    .slug = "pymem-block-in-global",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global pointer to memory from `PyMem_Malloc`, `PyMem_Calloc`, `PyMem_Realloc`, `PyMem_New` or `PyObject_Malloc`.

## Why it matters
Interpreters with their own GIL have their own allocator. A block that one allocated and another frees or resizes
corrupts both (`free(): invalid pointer`), and all of an interpreter's blocks go when it ends. No lock helps.
`PYTHONMALLOC=malloc` hides it.

## How to fix
`PyMem_RawMalloc` or `malloc` for what the process shares (under a lock), the module state for what an interpreter owns.

## What it cannot see
Whether the block is ever freed or resized by another interpreter. Blocks above 512 bytes come from `malloc` in today's
CPython, which promises nothing.
)",
    .check = check,
};

}  // namespace isoaudit::rules
