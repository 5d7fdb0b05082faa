#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "rules/declarations.h"
#include "rules/harmless.h"
#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::Finding;

void add_named(const BinaryFacts& binary, std::vector<Finding>& findings) {
  if (std::ranges::find(binary.api_imports, "PyCapsule_Import") == binary.api_imports.end()) return;
  for (const std::string& capsule : binary.capsule_names) {
    if (capsule_has_its_own_rule(capsule)) continue;
    Finding finding = finding_in(binary, fmt::format("holds the text \"{}\" and imports `PyCapsule_Import`", capsule));
    finding.severity = model::Severity::advice;
    finding.status = model::Status::possible;
    finding.subject = {capsule, "", "", ""};
    finding.message = fmt::format("the C API `{}` may be kept in a static for all interpreters", capsule);
    finding.fix = "keep the pointer in the module state";
    findings.push_back(std::move(finding));
  }
}

std::vector<Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "keeps another module's C API as one interpreter imported it",
      .fix = "import the capsule in the exec function and keep `{}` in the module state",
      .fix_of_many = "import the capsules in the exec function and keep what they hold in the module state"};
  std::vector<Finding> findings = variable_findings(facts, VariableKind::capsule_api, model::Severity::hazard, words);
  for (const BinaryFacts& binary : facts.binaries) add_named(binary, findings);
  return findings;
}

}  // namespace

extern constinit const Rule capsule_api_in_static{
    .slug = "capsule-api-in-static",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global that keeps what `PyCapsule_Import` or `PyCapsule_GetPointer` returned: the C API of another module. As advice:
a compiled module that names such an API.

## Why it matters
The capsule belongs to the other module as one interpreter imported it. When that interpreter ends, the table may be
freed; while it lives, the table may hold that interpreter's types and objects, which every other interpreter then uses.

## How to fix
Import the capsule in the exec function and keep the pointer in the module state.

## What it cannot see
Whether the provider's table is static and the same for all: then the store is harmless. datetime and numpy have rules
of their own.
)",
    .check = check,
};

}  // namespace isoaudit::rules
