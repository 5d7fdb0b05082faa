#include "rules/declarations.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include "rules/generated.h"
#include "rules/link_units.h"

namespace isoaudit::rules {
namespace {

using model::Because;
using model::BinaryEntryPoint;
using model::BinaryFacts;
using model::EntryPoint;
using model::EvidenceKind;
using model::Facts;
using model::Finding;

/// What would break if it declared support, in one sentence.
std::string forced_sentence(const model::Phase& forced) {
  // A race that was lost in this run is won in the next: it is told among the levels of the run, not here.
  if (forced.outcome != model::Outcome::ok && !forced.at_once) {
    return fmt::format("with the import check overridden: {} ({})", to_string(forced.outcome), forced.detail);
  }
  // What CPython itself hands to all, from a module with single-phase init, need not lie in the module's memory.
  const auto common = static_cast<std::size_t>(
      std::ranges::count(forced.shared, model::SharedObject::Kind::common, &model::SharedObject::kind));
  const std::size_t places = forced.shared.size() - common;
  std::string text;
  if (places > 0) {
    text =
        fmt::format("{} place{} of its memory {} shared", places, places == 1 ? "" : "s", places == 1 ? "is" : "are");
  }
  if (common > 0) {
    text += fmt::format("{}{} object{} of one interpreter {} handed to the others", text.empty() ? "" : " and ", common,
                        common == 1 ? "" : "s", common == 1 ? "is" : "are");
  }
  if (!text.empty()) return "with the import check overridden it loads, and " + text;
  return "with the import check overridden it loads in one interpreter after the other, and nothing was seen to be "
         "shared";
}

using RunsByModule = std::unordered_map<std::string_view, std::vector<const model::RunFacts*>>;

RunsByModule runs_by_module(const Facts& facts) {
  RunsByModule runs;
  for (const model::RunFacts& run : facts.runs) runs[run.module].push_back(&run);
  return runs;
}

/// The interpreter's own refusal, and what happened when it was overruled.
void add_runs(const RunsByModule& runs, Finding& finding) {
  const auto own = runs.find(finding.module);
  if (own == runs.end()) return;
  std::set<Because> seen;
  for (const model::RunFacts* its_run : own->second) {
    const model::RunFacts& run = *its_run;
    const model::Phase* phase = model::find_phase(run, model::Level::isolated);
    if (phase == nullptr || phase->outcome != model::Outcome::refused) continue;
    seen.insert({EvidenceKind::runtime, fmt::format("Python {} (isolated): {}", run.python, phase->detail), {}});
    const model::Phase* forced = model::find_phase(run, model::Level::forced);
    if (forced == nullptr || forced->outcome == model::Outcome::skipped ||
        forced->outcome == model::Outcome::not_possible) {
      continue;
    }
    seen.insert(
        {EvidenceKind::runtime, fmt::format("Python {} (forced): {}", run.python, forced_sentence(*forced)), {}});
  }
  finding.because.insert(finding.because.end(), seen.begin(), seen.end());
  if (!seen.empty()) finding.status = model::Status::confirmed;
}

std::vector<std::string> version_names(const BinaryEntryPoint& row) {
  std::vector<std::string> names;
  for (const model::PythonVersion& version : row.versions) names.push_back(version.str());
  return names;
}

}  // namespace

std::string dotted_module(const Facts& facts, const std::string& hook) {
  for (const BinaryFacts& binary : facts.binaries) {
    if (last_component(binary.module) == hook) return binary.module;
  }
  return hook;
}

bool serves(const BinaryFacts& binary, model::PythonVersion version) {
  return std::ranges::any_of(default_entry(binary), [&](const BinaryEntryPoint* row) {
    return row->versions.empty() || std::ranges::find(row->versions, version) != row->versions.end();
  });
}

model::Finding finding_in(const BinaryFacts& binary, std::string because) {
  model::Finding finding;
  finding.module = binary.module;
  finding.where.file = binary.path;
  finding.because.push_back({model::EvidenceKind::binary, std::move(because), {}});
  return finding;
}

std::vector<const BinaryEntryPoint*> default_entry(const BinaryFacts& binary) {
  std::vector<const BinaryEntryPoint*> rows;
  for (const BinaryEntryPoint& row : binary.entry_points) {
    if (row.entry.module == last_component(binary.module)) rows.push_back(&row);
  }
  if (rows.empty()) {
    for (const BinaryEntryPoint& row : binary.entry_points) rows.push_back(&row);
  }
  return rows;
}

bool declares_own_gil(const EntryPoint& entry) {
  return entry.declares.multiple_interpreters == model::MultipleInterpreters::per_interpreter_gil;
}

bool declares_own_gil(const BinaryFacts& binary) {
  return std::ranges::any_of(default_entry(binary), [](const auto* row) { return declares_own_gil(row->entry); });
}

std::vector<std::string> own_gil_modules(const Facts& facts) {
  std::set<std::string> modules;
  for (const BinaryFacts& binary : facts.binaries) {
    if (declares_own_gil(binary)) modules.insert(binary.module);
  }
  for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
    if (declares_own_gil(hook.entry)) modules.insert(dotted_module(facts, hook.entry.module));
  }
  for (const model::RunFacts& run : facts.runs) {
    // What the import system lets in has declared it, whatever could be read from the bytes.
    const model::Phase* phase = model::find_phase(run, model::Level::isolated);
    if (phase != nullptr && phase->outcome == model::Outcome::ok) modules.insert(run.module);
  }
  return {modules.begin(), modules.end()};
}

std::vector<Finding> declaration_findings(const Facts& facts, model::Severity severity, bool (*fits)(const EntryPoint&),
                                          const DeclarationWords& words) {
  std::vector<Finding> findings;
  const RunsByModule runs = runs_by_module(facts);
  for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
    if (!fits(hook.entry)) continue;
    Finding finding;
    finding.severity = severity;
    finding.status = model::Status::likely;
    finding.subject = {hook.entry.symbol, hook.entry.symbol, "", ""};
    finding.module = dotted_module(facts, hook.entry.module);
    // Slots are mended where they stand, single-phase init in the hook.
    const bool in_hook = hook.declaration.file.empty() || hook.entry.init == model::Init::single_phase;
    finding.where = in_hook ? hook.where : hook.declaration;
    finding.message = fmt::format("`{}` {}", hook.entry.symbol, words.message);
    finding.fix = generator_fix(hook.generator, words.fix);
    finding.because.push_back(
        {EvidenceKind::source, fmt::format("`{}` is defined here", hook.entry.symbol), hook.where});
    add_runs(runs, finding);
    findings.push_back(std::move(finding));
  }
  for (const BinaryFacts& binary : facts.binaries) {
    const auto rows = default_entry(binary);
    std::set<std::string> symbols;
    for (const BinaryEntryPoint* row : rows) {
      if (!fits(row->entry) || !symbols.insert(row->entry.symbol).second) continue;
      Finding finding;
      finding.severity = severity;
      finding.status = model::Status::likely;
      finding.subject = {row->entry.symbol, row->entry.symbol, "", ""};
      finding.module = binary.module;
      finding.where.file = binary.path;
      if (rows.size() > 1) finding.pythons = version_names(*row);
      finding.message = fmt::format("`{}` {}", row->entry.symbol, words.message);
      // Nobody writes a generator's hook.
      finding.fix = generator_fix(to_string(binary.framework), words.fix);
      finding.because.push_back({EvidenceKind::binary, words.binary, {}});
      add_runs(runs, finding);
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace isoaudit::rules
