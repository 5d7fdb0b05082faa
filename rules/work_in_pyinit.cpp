#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "rules/api_names.h"
#include "rules/link_units.h"
#include "rules/rule.h"
#include "rules/written.h"

namespace isoaudit::rules {

namespace {

using model::Finding;

/// The hook of a multi-phase module that the main interpreter runs, whoever imports.
bool is_run_by_main(const model::SourceEntryPoint& hook) {
  return hook.entry.init == model::Init::multi_phase && !hook.entry.symbol.starts_with("PyModExport");
}

/// Which code runs in such a hook.
class HookCode {
 public:
  HookCode(const model::Facts& facts, const UnitLinks& links) : links_(links) {
    for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
      if (is_run_by_main(hook)) {
        hooks_.emplace(hook.unit, hook.entry.symbol);
      } else {
        const std::vector<std::string>& modules = links.modules_of(hook.unit);
        others_.insert(modules.begin(), modules.end());
      }
    }
  }

  bool is_hook(const model::ApiUse& use) const { return hooks_.contains({use.unit, use.where.function}); }

  /// A way from the hook to the function that the use stands in; null when there is none, or where it may lead from a
  /// hook of another kind.
  const model::Reached* way_to(const model::ApiUse& use) const {
    const auto row = std::ranges::find(use.reached, model::RunsWhen::hook, &model::Reached::when);
    const std::vector<std::string>& modules = links_.modules_of(use.unit);
    const bool only_these = !modules.empty() && std::ranges::none_of(modules, [&](const std::string& module) {
      return others_.contains(module);
    });
    return row == use.reached.end() || !only_these ? nullptr : &*row;
  }

 private:
  const UnitLinks& links_;
  /// By unit and name.
  std::set<std::pair<std::string_view, std::string_view>> hooks_{};
  /// Modules with hooks of another kind.
  std::set<std::string_view> others_{};
};

std::vector<Finding> check(const model::Facts& facts) {
  const ApiIndex names(facts, "work-in-pyinit");
  const UnitLinks links(facts);
  const HookCode hooks(facts, links);
  std::vector<Finding> findings;
  for (const model::ApiUse& use : facts.source.api_uses) {
    const ApiName* known = names.find(use.name);
    if (known == nullptr) continue;
    const model::Reached* way = hooks.is_hook(use) ? nullptr : hooks.way_to(use);
    if (way == nullptr && !hooks.is_hook(use)) continue;
    Finding finding;
    finding.severity = known->severity;
    finding.status = model::Status::likely;
    finding.subject = {use.name, use.name, use.unit, ""};
    finding.module = links.primary_module(use.unit);
    finding.where = use.where;
    finding.message = fmt::format("`{}` {}", use.name, known->harm);
    finding.fix = way == nullptr
                      ? fmt::format("move it from {}() to the function of the Py_mod_exec slot", use.where.function)
                      : fmt::format("call {}() from the function of the Py_mod_exec slot", use.where.function);
    finding.because.push_back(
        {model::EvidenceKind::source, fmt::format("{}() calls `{}`", use.where.function, use.name), use.where});
    if (way != nullptr) finding.because.push_back(reason_of_way(*way));
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
Objects made, types readied, modules imported and Python code run in the `PyInit_` function of a multi-phase module, and
in the functions that it calls.

## Why it matters
From Python 3.13 on `PyInit_` is always called in the main interpreter, also when another interpreter imports the module;
create and exec run where the import is. What the hook makes belongs to the main interpreter, its imports see that
interpreter's `sys.path` and `sys.modules`, and an exception in it reaches the importer as another one. On 3.12 the hook
runs in the importing interpreter, in several at once.

## How to fix
Let `PyInit_` return `PyModuleDef_Init(&definition)` and do everything else in the function of the `Py_mod_exec` slot.

## What it cannot see
Checks of the version and the filling of static tables are left
to the rules about these tables.
)",
    .check = check,
};

}  // namespace isoaudit::rules
