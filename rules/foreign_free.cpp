#include <fmt/format.h>

#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  std::vector<model::Finding> findings;
  for (const model::RunFacts& run : facts.runs) {
    const model::Phase* phase = model::find_phase(run, model::Level::debug_memory);
    if (phase == nullptr || phase->outcome != model::Outcome::crashed) continue;
    model::Finding finding;
    finding.severity = model::Severity::hazard;
    finding.status = model::Status::confirmed;
    finding.subject = {"memory of another allocator", "", "", ""};
    finding.module = run.module;
    finding.where.file = run.path;
    finding.pythons = {run.python};
    finding.message =
        fmt::format("two interpreters that use `{}` end in an abort of Python's checking allocator", run.module);
    finding.fix =
        "free each block in the interpreter and with the function family that allocated it; for memory that "
        "interpreters "
        "share, use PyMem_RawMalloc or malloc";
    finding.because.push_back({model::EvidenceKind::runtime,
                               fmt::format("Python {} ({}): {}", run.python, to_string(phase->level), phase->detail),
                               {}});
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule foreign_free{
    .slug = "foreign-free",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Two isolated interpreters that use the module under `PYTHONMALLOC=debug` and end in an abort: the checking allocator met a
block that another interpreter or another family of functions had allocated, or that was freed or written past its end.

## Why it matters
Each isolated interpreter has an allocator of its own. A small block of `PyMem_Malloc` or `PyObject_Malloc` that is freed
by another interpreter corrupts both.

## How to fix
Free each block in the interpreter that allocated it, with the same family of functions. Memory that outlives an
interpreter or is shared comes from `PyMem_RawMalloc` or `malloc`.

## What it cannot see
Blocks that the run did not free, and which variable held the block: `pymem-block-in-global` and the run's other findings
name it. A module that aborts in the main interpreter alone has another fault, and aborts here as well.
)",
    .check = check,
};

}  // namespace isoaudit::rules
