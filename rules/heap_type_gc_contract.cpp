#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::Finding;
using model::SlotBody;

// Include/object.h
constexpr std::uint64_t have_gc = 1UL << 14;

std::string shown(const model::TypeSpec& spec) { return spec.type_name.empty() ? spec.name : spec.type_name; }

std::vector<Finding> check(const model::Facts& facts) {
  const UnitLinks links(facts);
  std::vector<Finding> findings;
  for (const model::TypeSpec& spec : facts.source.type_specs) {
    const bool unseen = spec.traverse == SlotBody::does_not && (spec.flags.value_or(0) & have_gc) != 0;
    const bool kept = spec.dealloc == SlotBody::does_not;
    // What a generator writes nobody mends by hand.
    if ((!unseen && !kept) || !spec.generator.empty()) continue;
    Finding finding;
    finding.severity = model::Severity::advice;
    finding.status = model::Status::likely;
    finding.subject = {spec.name, "", spec.unit, ""};
    finding.module = links.primary_module(spec.unit);
    finding.where = spec.where;
    finding.message = fmt::format(
        "`{}` {}: the type and its module outlive their interpreter", shown(spec),
        kept ? "does not give back its reference to the type in tp_dealloc" : "does not visit its type in tp_traverse");
    finding.fix = kept ? "keep `PyTypeObject *tp = Py_TYPE(self)`, and Py_DECREF(tp) after the object is freed"
                       : "add Py_VISIT(Py_TYPE(self)) to tp_traverse";
    finding.because.push_back(
        {model::EvidenceKind::source, fmt::format("`{}` makes a heap type", spec.name), spec.where});
    if (kept && unseen) {
      finding.because.push_back({model::EvidenceKind::source, "its tp_traverse does not visit the type either", {}});
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule heap_type_gc_contract{
    .slug = "heap-type-gc-contract",
    .group = Group::c_api,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Heap types of a `PyType_Spec` with a `tp_traverse` that does not visit `Py_TYPE(self)`, or with a `tp_dealloc` that does not
give back its reference to the type.

## Why it matters
An instance of a heap type owns a reference to its type, the type one to its module. A type whose references are neither
seen nor given back is never freed, nor is its module's state: both outlive their interpreter and keep its memory.

## How to fix
`Py_VISIT(Py_TYPE(self))` in `tp_traverse` (Python 3.9 on); in `tp_dealloc` keep `PyTypeObject *tp = Py_TYPE(self)`, free
the object, then `Py_DECREF(tp)`.

## What it cannot see
Functions of another source file, and what functions do that get `self` or `visit` handed on: these count as right. Types
without `Py_TPFLAGS_HAVE_GC`, which the collector does not visit at all.
)",
    .check = check,
};

}  // namespace isoaudit::rules
