#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rules/api_calls.h"
#include "rules/declarations.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::Facts;
using model::Finding;

constexpr std::string_view capsule = "datetime.datetime_CAPI";
/// _datetime has module state from 3.13 (gh-117398); before, isolated interpreters get the Python implementation.
constexpr model::PythonVersion first_with_isolated_datetime{3, 13};

struct Columns {
  std::vector<std::string> old_ones{};
  std::vector<std::string> new_ones{};
};

/// The audited versions, of those that the module is made for.
Columns columns_of(const Facts& facts, const BinaryFacts* binary) {
  Columns columns;
  for (const model::Interpreter& python : facts.pythons) {
    if (binary != nullptr && !serves(*binary, python.version)) continue;
    (python.version < first_with_isolated_datetime ? columns.old_ones : columns.new_ones).push_back(python.id);
  }
  return columns;
}

/// Up to 3.12 it fails; from then on it is a table that all interpreters share, and may.
void add_by_version(const Finding& use, const Columns& columns, std::vector<Finding>& findings) {
  if (!columns.old_ones.empty()) {
    Finding fails = use;
    fails.severity = model::Severity::blocker;
    fails.subject.name = "PyDateTime_IMPORT";
    fails.subject.linkage_name.clear();
    fails.pythons = columns.old_ones;
    fails.message = "`PyDateTime_IMPORT` fails in isolated interpreters of Python 3.12: datetime has no C API there";
    fails.fix = "require Python 3.13, or do without datetime's C API where it is not found";
    findings.push_back(std::move(fails));
  }
  if (columns.old_ones.empty() || !columns.new_ones.empty()) {
    Finding shared = use;
    shared.pythons = columns.new_ones;
    findings.push_back(std::move(shared));
  }
}

std::vector<Finding> check(const Facts& facts) {
  std::vector<Finding> findings;
  constexpr std::string_view fix = "nothing has to change for Python 3.13 and newer";
  for (const Finding& use : api_findings(facts, "datetime-import", {.fix = fix, .each_use = EachUse::of_one_module})) {
    add_by_version(use, columns_of(facts, nullptr), findings);
  }
  for (const BinaryFacts& binary : facts.binaries) {
    if (std::ranges::find(binary.capsule_names, capsule) == binary.capsule_names.end() ||
        std::ranges::find(binary.api_imports, "PyCapsule_Import") == binary.api_imports.end()) {
      continue;
    }
    Finding use = finding_in(binary, fmt::format("holds the text \"{}\" and imports `PyCapsule_Import`", capsule));
    use.severity = model::Severity::advice;
    use.status = model::Status::likely;
    use.subject = {"PyDateTimeAPI", "PyDateTimeAPI", "", ""};
    use.message = "`PyDateTimeAPI` is one table of the process; what it holds is static from Python 3.13 on";
    use.fix = fix;
    add_by_version(use, columns_of(facts, &binary), findings);
  }
  return findings;
}

}  // namespace

extern constinit const Rule datetime_import{
    .slug = "datetime-import",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
Modules that use datetime's C API (`PyDateTime_IMPORT`).

## Why it matters
In Python 3.12 `_datetime` is a single-phase module. An isolated interpreter gets the Python implementation instead, and
`PyDateTime_IMPORT` ends in `AttributeError: module 'datetime' has no attribute 'datetime_CAPI'`. From 3.13 on the
table, its types and the UTC object are static and the same for all interpreters: that is advice only.

## How to fix
Require Python 3.13, or go on without the C API when it is not found.

## What it cannot see
Whether the import is made when the module is loaded or later, and what follows when it fails.
)",
    .check = check,
};

}  // namespace isoaudit::rules
