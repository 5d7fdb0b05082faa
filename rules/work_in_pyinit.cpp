#include <fmt/format.h>

#include <map>
#include <set>
#include <string_view>

#include "rules/api_names.h"
#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

using model::Finding;

/// The multi-phase hooks of the sources that the main interpreter runs: by unit and name.
std::set<std::pair<std::string_view, std::string_view>> hooks_of(const model::Facts& facts) {
  std::set<std::pair<std::string_view, std::string_view>> hooks;
  for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
    const bool export_hook = hook.entry.symbol.starts_with("PyModExport");
    if (hook.entry.init == model::Init::multi_phase && !export_hook) hooks.emplace(hook.unit, hook.entry.symbol);
  }
  return hooks;
}

std::vector<Finding> check(const model::Facts& facts) {
  const ApiIndex names(facts, "work-in-pyinit");
  const auto hooks = hooks_of(facts);
  const UnitLinks links(facts);
  std::vector<Finding> findings;
  for (const model::ApiUse& use : facts.source.api_uses) {
    const ApiName* known = names.find(use.name);
    if (known == nullptr || !hooks.contains({use.unit, use.where.function})) continue;
    Finding finding;
    finding.severity = known->severity;
    finding.status = model::Status::likely;
    finding.subject = {use.name, use.name, use.unit, ""};
    finding.module = links.primary_module(use.unit);
    finding.where = use.where;
    finding.message = fmt::format("`{}` {}", use.name, known->harm);
    finding.fix = fmt::format("move it from {}() to the function of the Py_mod_exec slot", use.where.function);
    finding.because.push_back(
        {model::EvidenceKind::source, fmt::format("{}() calls `{}`", use.where.function, use.name), use.where});
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule work_in_pyinit{
    .slug = "work-in-pyinit",
    .group = Group::definition,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Objects made, types readied, modules imported and Python code run in the `PyInit_` function of a multi-phase module.

## Why it matters
From Python 3.13 on `PyInit_` is always called in the main interpreter, also when another interpreter imports the module;
create and exec run where the import is. What the hook makes belongs to the main interpreter, its imports see that
interpreter's `sys.path` and `sys.modules`, and an exception in it reaches the importer as another one. On 3.12 the hook
runs in the importing interpreter, in several at once.

## How to fix
Let `PyInit_` return `PyModuleDef_Init(&definition)` and do everything else in the function of the `Py_mod_exec` slot.

## What it cannot see
Functions that the hook calls: only what stands in it. Checks of the version and the filling of static tables are left
to the rules about these tables.
)",
    .check = check,
};

}  // namespace isoaudit::rules
