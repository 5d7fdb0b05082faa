#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "rules/api_calls.h"
#include "rules/declarations.h"
#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::Finding;

constexpr std::array<std::string_view, 4> texts{"numpy._core._multiarray_umath", "numpy.core._multiarray_umath",
                                                "_ARRAY_API", "_UFUNC_API"};

/// The text that names numpy's C API, in a module that asks for capsules; empty when there is none. The module that
/// provides the API names it too.
std::string named_api(const BinaryFacts& binary) {
  if (last_component(binary.module) == "_multiarray_umath") return {};
  const bool asks = std::ranges::any_of(binary.api_imports, [](const std::string& name) {
    return name == "PyCapsule_GetPointer" || name == "PyCapsule_Import";
  });
  if (!asks) return {};
  for (const std::string_view text : texts) {
    if (std::ranges::find(binary.capsule_names, text) != binary.capsule_names.end()) return std::string(text);
  }
  return {};
}

std::vector<Finding> check(const model::Facts& facts) {
  constexpr std::string_view fix =
      "nothing yet (numpy/numpy#24755): import it where it is needed, not when the module is loaded";
  std::vector<Finding> findings =
      api_findings(facts, "numpy-import-array", {.fix = fix, .each_use = EachUse::of_one_module});
  for (const BinaryFacts& binary : facts.binaries) {
    const std::string text = named_api(binary);
    if (text.empty()) continue;
    Finding finding = finding_in(binary, fmt::format("asks for a capsule and holds the text \"{}\"", text));
    finding.severity = model::Severity::blocker;
    finding.status = model::Status::likely;
    finding.subject = {"_import_array", "_import_array", "", ""};
    finding.message =
        fmt::format("`{}` imports numpy's C API, and numpy refuses every interpreter but the main one", binary.module);
    finding.fix = fix;
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule numpy_import_array{
    .slug = "numpy-import-array",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
Modules that import numpy's C API: `import_array`, `import_ufunc`, or the names of its capsules in a compiled module.

## Why it matters
numpy up to 2.3 is single-phase; from 2.4 on it declares that it supports no sub-interpreter and refuses to be loaded
again. `import_array` raises ImportError in every interpreter but the main one, whatever the module itself declares.

## How to fix
Nothing can be done until numpy is ported (numpy/numpy#24755). Where numpy is one of several ways, import it when it is
first needed and go on without it.

## What it cannot see
Whether the module gets by without numpy. The run tells (rule transitive-import-in-exec).
)",
    .check = check,
};

}  // namespace isoaudit::rules
