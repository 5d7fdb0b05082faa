#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/declarations.h"
#include "rules/rule.h"
#include "rules/variables.h"
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

/// The module's shared state, one line for each variable in the sources, one line for each Python that ran it.
std::vector<Because> shared_state(const Facts& facts, const UnitLinks& links, const std::string& module) {
  std::vector<Because> lines;
  for (const model::Variable& variable : facts.source.variables) {
    const std::vector<std::string>& modules = links.modules_of(variable.unit);
    if (std::ranges::find(modules, module) == modules.end()) continue;
    if (classify(variable) == VariableKind::harmless || !explain_writes(variable).why.empty()) continue;
    lines.push_back({EvidenceKind::source, fmt::format("`{}`", variable.qualified_name), variable.where});
  }
  for (const model::RunFacts& run : facts.runs) {
    if (run.module != module) continue;
    std::size_t shared = 0;
    for (const model::Phase& phase : run.phases) {
      if (!under_own_gil(phase.level)) continue;
      shared += phase.shared.size();
      if (phase.outcome == Outcome::crashed || phase.outcome == Outcome::timed_out ||
          phase.outcome == Outcome::exited) {
        lines.push_back({EvidenceKind::runtime,
                         fmt::format("Python {} ({}): {}", run.python, to_string(phase.level), phase.detail),
                         {}});
      }
    }
    shared += conflicting_writes(facts, run).size();
    if (shared > 0) {
      lines.push_back(
          {EvidenceKind::runtime, fmt::format("Python {}: the run found shared objects or writes", run.python), {}});
    }
  }
  std::ranges::sort(lines);
  const auto repeated = std::ranges::unique(lines);
  lines.erase(repeated.begin(), repeated.end());
  return lines;
}

std::vector<Finding> check(const Facts& facts) {
  std::vector<Finding> findings;
  const UnitLinks links(facts);
  for (const std::string& module : own_gil_modules(facts)) {
    std::vector<Because> lines = shared_state(facts, links, module);
    if (lines.empty()) continue;
    Finding finding;
    finding.severity = model::Severity::blocker;
    finding.status = std::ranges::any_of(lines, [](const Because& b) { return b.kind == EvidenceKind::runtime; })
                         ? model::Status::confirmed
                         : model::Status::likely;
    finding.module = module;
    finding.subject = {"Py_mod_multiple_interpreters", "", "", ""};
    for (const model::BinaryFacts& binary : facts.binaries) {
      if (binary.module == module) finding.where.file = binary.path;
    }
    for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
      if (hook.entry.module == last_component(module) && declares_own_gil(hook.entry)) finding.where = hook.declaration;
    }
    finding.message = fmt::format("`{}` declares own-GIL support, yet shares state between interpreters", module);
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
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
A module that declares `Py_MOD_PER_INTERPRETER_GIL_SUPPORTED` although its source keeps mutable process-wide state, or
although something was shared, crashed or hung when concurrent interpreters loaded it.

## Why it matters
The slot is a promise that nobody checks. Because of it, interpreters run the module at the same moment, and memory is
corrupted. Every other finding in such a module counts one level higher.

## How to fix
Remove the state, or lower the slot to `Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED` until it is gone.

## What it cannot see
State that neither the sources at hand nor the run reached.
)",
    .check = check,
};

}  // namespace isoaudit::rules
