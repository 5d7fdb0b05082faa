#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::Finding;

// Include/object.h
constexpr std::uint64_t immutable_type = 1UL << 8;
constexpr std::size_t shown_types = 4;

std::vector<Finding> check(const model::Facts& facts) {
  const UnitLinks links(facts);
  std::map<std::string, std::vector<const model::TypeSpec*>> by_module;
  for (const model::TypeSpec& spec : facts.source.type_specs) {
    if (!spec.flags || (*spec.flags & immutable_type) != 0 || !spec.generator.empty()) continue;
    by_module[links.primary_module(spec.unit)].push_back(&spec);
  }
  std::vector<Finding> findings;
  for (auto& [module, specs] : by_module) {
    std::ranges::sort(specs, {}, &model::TypeSpec::where);
    Finding finding;
    finding.severity = model::Severity::advice;
    finding.status = model::Status::likely;
    finding.subject = {specs.front()->name, "", specs.front()->unit, ""};
    finding.module = module;
    finding.where = specs.front()->where;
    std::string names;
    for (std::size_t i = 0; i < specs.size() && i < shown_types; ++i) {
      const model::TypeSpec& spec = *specs[i];
      names += (i > 0 ? ", `" : "`") + (spec.type_name.empty() ? spec.name : spec.type_name) + "`";
      finding.because.push_back(
          {model::EvidenceKind::source, fmt::format("`{}` has no Py_TPFLAGS_IMMUTABLETYPE", spec.name), spec.where});
    }
    if (specs.size() > shown_types) names += fmt::format(" and {} more", specs.size() - shown_types);
    finding.message = fmt::format("{} can be changed from Python, in one interpreter and not in the others", names);
    finding.fix = "add Py_TPFLAGS_IMMUTABLETYPE to the flags, unless being changed is meant";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule mutable_heap_type{
    .slug = "mutable-heap-type",
    .group = Group::c_api,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Heap types of a `PyType_Spec` without `Py_TPFLAGS_IMMUTABLETYPE`. One finding for each module.

## Why it matters
Static types could not be changed from Python; heap types can, unless they say otherwise. Each interpreter has its own, so
nothing is shared, but after a port `module.Type.method = ...` works in one interpreter and is not seen in the others.

## How to fix
Add `Py_TPFLAGS_IMMUTABLETYPE` (Python 3.10) to the flags, and `Py_TPFLAGS_DISALLOW_INSTANTIATION` where the static type had
no `tp_new`.

## What it cannot see
Whether being changed is meant, and flags that are computed at run time.
)",
    .check = check,
};

}  // namespace isoaudit::rules
