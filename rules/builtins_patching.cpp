#include <fmt/format.h>

#include <map>
#include <string_view>

#include "rules/api_names.h"
#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::Finding;
using model::Variable;

/// A flag: one that is asked for, and that this function sets to a constant.
const Variable* flag_set_in(const model::Facts& facts, const model::ApiUse& use) {
  for (const Variable& variable : facts.source.variables) {
    if (variable.unit != use.unit || !variable.is_read || !variable.generator.empty() ||
        variable.python_type != model::PythonType::none)
      continue;
    for (const model::Write& write : variable.writes) {
      const bool sets = write.kind == model::WriteKind::assignment && write.value == model::StoredValue::constant;
      if (sets && write.where.function == use.where.function) return &variable;
    }
  }
  return nullptr;
}

std::vector<Finding> check(const model::Facts& facts) {
  const ApiIndex names(facts, "builtins-patching");
  const UnitLinks links(facts);
  std::vector<Finding> findings;
  for (const model::ApiUse& use : facts.source.api_uses) {
    const ApiName* known = names.find(use.name);
    if (known == nullptr || use.where.function.empty()) continue;
    const Variable* flag = flag_set_in(facts, use);
    if (flag == nullptr) continue;
    Finding finding;
    finding.severity = known->severity;
    finding.status = model::Status::likely;
    finding.subject = {use.name, use.name, use.unit, ""};
    finding.module = links.primary_module(use.unit);
    finding.where = use.where;
    finding.message =
        fmt::format("`{}` {}, and `{}` lets only the first interpreter come here", use.name, known->harm, flag->name);
    finding.fix = fmt::format("keep `{}` in the module state", flag->name);
    finding.because.push_back(
        {model::EvidenceKind::source, fmt::format("{}() sets `{}`", use.where.function, flag->name), flag->where});
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule builtins_patching{
    .slug = "builtins-patching",
    .group = Group::c_api,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Functions that change what their interpreter has in `sys` or `builtins` (`PySys_SetObject`, `PyEval_GetBuiltins`,
`PyImport_GetModuleDict`) and that set a static flag so as to do it once.

## Why it matters
Each interpreter has its own `sys` and `builtins`. The flag is one for the process: the second interpreter finds it set
and goes without the change.

## How to fix
Keep the flag in the module state, or do it in the exec function, which each interpreter runs once.

## What it cannot see
Flags that another function sets, and changes through the attributes of imported modules.
)",
    .check = check,
};

}  // namespace isoaudit::rules
