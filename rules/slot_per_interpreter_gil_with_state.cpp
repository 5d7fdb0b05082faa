#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "rules/declarations.h"
#include "rules/finding_index.h"
#include "rules/link_units.h"
#include "rules/registry.h"
#include "rules/writes.h"

namespace isoaudit::rules {
namespace {

using model::Because;
using model::EvidenceKind;
using model::Facts;
using model::Finding;
using model::Level;
using model::Outcome;

bool under_own_gil(Level level) {
  return level == Level::isolated || level == Level::sequential || level == Level::concurrent;
}

/// What belongs to a module, so that an environment of many is gone through once.
struct Lookup {
  explicit Lookup(const Facts& facts) {
    for (const model::RunFacts& run : facts.runs) runs.emplace(run.module, &run);
    for (const model::BinaryFacts& binary : facts.binaries) binaries[binary.module] = &binary;
    for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
      if (declares_own_gil(hook.entry)) hooks[hook.entry.module] = &hook;
    }
  }

  std::multimap<std::string_view, const model::RunFacts*> runs{};
  std::map<std::string_view, const model::BinaryFacts*> binaries{};
  std::map<std::string_view, const model::SourceEntryPoint*> hooks{};
};

/// The run showed what is shared without waiting for a crash.
bool shared_by_looking(const Facts& facts, const model::RunFacts& run) {
  return std::ranges::any_of(run.phases,
                             [](const model::Phase& phase) {
                               return under_own_gil(phase.level) && !phase.at_once && !phase.shared.empty();
                             }) ||
         std::ranges::any_of(conflicting_writes(facts, run), &ConflictingWrite::overwritten);
}

/// What the other rules say against the module, a line for each finding, and how the run ended where it ended badly.
std::vector<Because> broken_promises(const Facts& facts, const Lookup& lookup, const FindingIndex& index,
                                     const std::string& module) {
  std::vector<Because> lines;
  std::set<std::string> named;
  for (const Finding* finding : index.of(module)) {
    if (find_rule(finding->rule)->group == Group::definition || finding->severity == model::Severity::advice ||
        finding->status == model::Status::possible) {
      continue;
    }
    const std::string& name = finding->subject.name.empty() ? finding->subject.address : finding->subject.name;
    // The source comes first in every rule; what binary and run say of the same name adds nothing here.
    if (!named.insert(name).second) continue;
    const bool in_source = finding->because.front().kind == EvidenceKind::source;
    lines.push_back({finding->because.front().kind, fmt::format("`{}`: {}", name, finding->rule),
                     in_source ? finding->where : model::Location{}});
  }
  const auto [first, last] = lookup.runs.equal_range(module);
  for (auto entry = first; entry != last; ++entry) {
    const model::RunFacts& run = *entry->second;
    const bool seen_by_looking = shared_by_looking(facts, run);
    for (const model::Phase& phase : run.phases) {
      if (!under_own_gil(phase.level)) continue;
      // Who shares crashes in one run and survives the next: where the sharing was seen, luck adds nothing.
      if (phase.at_once && seen_by_looking) continue;
      if (phase.outcome == Outcome::crashed || phase.outcome == Outcome::timed_out ||
          phase.outcome == Outcome::exited) {
        lines.push_back({EvidenceKind::runtime,
                         fmt::format("Python {} ({}): {}", run.python, to_string(phase.level), phase.detail),
                         {}});
      }
    }
  }
  std::ranges::sort(lines);
  const auto repeated = std::ranges::unique(lines);
  lines.erase(repeated.begin(), repeated.end());
  return lines;
}

std::vector<Finding> check(const Facts& facts, const FindingIndex& index) {
  std::vector<Finding> findings;
  const Lookup lookup(facts);
  for (const std::string& module : own_gil_modules(facts)) {
    std::vector<Because> lines = broken_promises(facts, lookup, index, module);
    if (lines.empty()) continue;
    Finding finding;
    finding.severity = model::Severity::blocker;
    finding.status = std::ranges::any_of(lines, [](const Because& b) { return b.kind == EvidenceKind::runtime; })
                         ? model::Status::confirmed
                         : model::Status::likely;
    finding.module = module;
    finding.subject = {"Py_mod_multiple_interpreters", "", "", ""};
    if (const auto binary = lookup.binaries.find(module); binary != lookup.binaries.end()) {
      finding.where.file = binary->second->path;
    }
    if (const auto hook = lookup.hooks.find(last_component(module)); hook != lookup.hooks.end()) {
      finding.where = hook->second->declaration;
    }
    finding.message = fmt::format("`{}` declares own-GIL support, yet it is not isolated", module);
    finding.fix = "remove the shared state, or declare Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED until it is gone";
    constexpr std::size_t shown = 6;
    if (lines.size() > shown) {
      const std::size_t more = lines.size() - shown;
      lines.resize(shown);
      lines.push_back({EvidenceKind::source, fmt::format("and {} more", more), {}});
    }
    finding.because = std::move(lines);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule slot_per_interpreter_gil_with_state{
    .slug = "slot-per-interpreter-gil-with-state",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
A module that declares `Py_MOD_PER_INTERPRETER_GIL_SUPPORTED` although another rule finds process-wide state or a
function that means one interpreter in it, or although it crashed or hung when concurrent interpreters loaded it.

## Why it matters
The slot is a promise that nobody checks. Because of it, interpreters run the module at the same moment, and memory is
corrupted. Every other finding in such a module counts one level higher.

## How to fix
Remove the state, or lower the slot to `Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED` until it is gone.

## What it cannot see
State that neither the sources at hand nor the run reached.
)",
    .check_after = check,
};

}  // namespace isoaudit::rules
