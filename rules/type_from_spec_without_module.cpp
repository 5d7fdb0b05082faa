#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "rules/api_calls.h"
#include "rules/api_names.h"
#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::Finding;

/// Who makes one type with its module knows how; the others then need no state, as far as anyone can tell.
constexpr std::array<std::string_view, 3> with_module{"PyType_FromMetaclass", "PyType_FromModuleAndSpec",
                                                      "PyType_FromSlots"};

bool makes_types_with_module(const std::string& name) {
  return std::ranges::find(with_module, name) != with_module.end();
}

/// The framework's own types: nothing that its user could write in another way.
bool is_the_frameworks(model::Framework framework) {
  using enum model::Framework;
  return framework != none && framework != rust;
}

std::vector<Finding> check(const model::Facts& facts) {
  const UnitLinks links(facts);
  std::map<std::string, bool> knows_how;
  for (const model::ApiUse& use : facts.source.api_uses) {
    if (makes_types_with_module(use.name)) knows_how[links.primary_module(use.unit)] = true;
  }
  for (const BinaryFacts& binary : facts.binaries) {
    if (is_the_frameworks(binary.framework) || std::ranges::any_of(binary.api_imports, makes_types_with_module)) {
      knows_how[binary.module] = true;
    }
  }
  std::vector<Finding> findings =
      api_findings(facts, "type-from-spec-without-module",
                   {.fix = "use PyType_FromModuleAndSpec(module, &spec, bases)", .each_use = EachUse::of_one_module});
  std::erase_if(findings, [&](const Finding& finding) { return knows_how.contains(finding.module); });
  return findings;
}

}  // namespace

extern constinit const Rule type_from_spec_without_module{
    .slug = "type-from-spec-without-module",
    .group = Group::c_api,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
Modules that make all their heap types with `PyType_FromSpec` or `PyType_FromSpecWithBases`, none with the module.

## Why it matters
Such a type does not know its module: `PyType_GetModuleState` raises TypeError, and the methods of the type cannot reach
the state of their interpreter. That leads back to globals.

## How to fix
`PyType_FromModuleAndSpec` (3.9) in the exec function; then `PyType_GetModuleState(defining_class)` in methods with
`METH_METHOD`, `PyType_GetModuleByDef` in slots.

## What it cannot see
Whether the methods need any state.
)",
    .check = check,
};

}  // namespace isoaudit::rules
