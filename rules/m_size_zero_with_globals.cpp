#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "model/said_of_many.h"
#include "rules/declarations.h"
#include "rules/finding_index.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::Because;
using model::EntryPoint;
using model::Facts;
using model::Finding;

/// What would have its place in the module state.
constexpr auto objects_in_globals = std::to_array<std::string_view>({
    "borrowed-module-object",
    "cxx-static-with-python",
    "free-list",
    "function-local-static-object",
    "global-exception",
    "global-heap-type-pointer",
    "global-module-pointer",
    "global-pyobject-cache",
    "global-string-cache",
    "static-instance",
    "static-type-object",
});
constexpr std::size_t shown = 4;

bool has_no_state(const EntryPoint& entry) {
  const bool multi_phase = entry.init == model::Init::multi_phase || entry.init == model::Init::export_slots;
  return multi_phase && entry.declares.state_size == 0;
}

/// What a generator writes nobody moves by hand: its own advice is elsewhere.
bool is_generated(const model::BinaryFacts& binary) {
  return binary.framework != model::Framework::none && binary.framework != model::Framework::rust;
}
/// With its class, where the message has it: several classes may each have a member of one name.
std::string full_name(const Finding& finding) {
  const std::string& name = finding.subject.name.empty() ? finding.subject.address : finding.subject.name;
  const std::string_view in_words = model::subject_of(finding.message);
  return in_words.ends_with(name) ? std::string(in_words) : name;
}

/// The names of the objects, those of the source first.
std::vector<std::string> objects_of(const FindingIndex& index, const std::string& module) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const Finding* finding : index.of(module)) {
    if (finding->severity == model::Severity::advice || finding->status == model::Status::possible ||
        std::ranges::find(objects_in_globals, finding->rule) == objects_in_globals.end()) {
      continue;
    }
    const std::string name = full_name(*finding);
    if (seen.insert(name).second) names.push_back(name);
  }
  return names;
}

Finding finding_on(const std::string& hook, const std::string& module, const std::vector<std::string>& names) {
  Finding finding;
  finding.severity = model::Severity::advice;
  finding.status = model::Status::likely;
  finding.subject = {hook, hook, "", ""};
  finding.module = module;
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) list += (i > 0 ? ", `" : "`") + names[i] + "`";
  if (names.size() > shown) list += fmt::format(" and {} more", names.size() - shown);
  finding.message = fmt::format("`{}` has multi-phase init with m_size 0, yet its objects are globals: {}", hook, list);
  finding.fix = "put the objects into a state struct, its size into m_size, and reach it with PyModule_GetState()";
  return finding;
}

std::vector<Finding> check(const Facts& facts, const FindingIndex& index) {
  std::vector<Finding> findings;
  for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
    if (!has_no_state(hook.entry) || !hook.generator.empty()) continue;
    const std::string module = dotted_module(facts, hook.entry.module);
    const std::vector<std::string> names = objects_of(index, module);
    if (names.empty()) continue;
    Finding finding = finding_on(hook.entry.symbol, module, names);
    finding.where = hook.where;
    finding.because.push_back({model::EvidenceKind::source, "m_size is 0", hook.where});
    findings.push_back(std::move(finding));
  }
  for (const model::BinaryFacts& binary : facts.binaries) {
    if (is_generated(binary)) continue;
    for (const model::BinaryEntryPoint* row : default_entry(binary)) {
      if (!has_no_state(row->entry)) continue;
      const std::vector<std::string> names = objects_of(index, binary.module);
      if (names.empty()) break;
      Finding finding = finding_on(row->entry.symbol, binary.module, names);
      finding.where.file = binary.path;
      finding.because.push_back({model::EvidenceKind::binary, "its definition has m_size 0", {}});
      findings.push_back(std::move(finding));
      break;
    }
  }
  return findings;
}

}  // namespace

extern constinit const Rule m_size_zero_with_globals{
    .slug = "m-size-zero-with-globals",
    .group = Group::definition,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
A module with multi-phase init and `m_size` 0 that keeps Python objects in globals.

## Why it matters
It is a port that stopped halfway: the module is made once for each interpreter, its objects once for the process.

## How to fix
Put the objects that other rules name into a state struct and its size into `m_size`; reach them with
`PyModule_GetState`, `PyType_GetModuleState` and `PyType_GetModuleByDef`.

## What it cannot see
State that is kept elsewhere on purpose, such as a dictionary of the interpreter. Modules whose only data are constants
have `m_size` 0 by right.
)",
    .check_after = check,
};

}  // namespace isoaudit::rules
