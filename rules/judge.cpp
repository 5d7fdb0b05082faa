#include "rules/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>

#include "rules/code_report.h"
#include "rules/declarations.h"
#include "rules/finding_index.h"
#include "rules/fold.h"
#include "rules/join.h"
#include "rules/link_units.h"
#include "rules/merge_views.h"
#include "rules/one_for_each_generator.h"
#include "rules/registry.h"
#include "rules/sort_reasons.h"
#include "rules/source_modules.h"
#include "rules/verdicts.h"

namespace isoaudit::rules {
namespace {

using model::Facts;
using model::Finding;
using model::ModuleReport;
using model::Report;

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// FNV-1a, 64 bits: short, stable everywhere, and nothing here needs secrecy.
std::string digest(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

/// Lines move with every edit, so they stay out; a variable of one name in two units or functions is two.
void set_fingerprints(std::vector<Finding>& findings) {
  std::map<std::string, unsigned> seen;
  for (Finding& finding : findings) {
    const std::string text = fmt::format("{}|{}|{}|{}|{}", finding.rule, last_component(finding.module),
                                         finding.subject.name.empty() ? finding.subject.address : finding.subject.name,
                                         finding.where.function, file_name(finding.where.file));
    const unsigned count = seen[text]++;
    finding.fingerprint = digest(count == 0 ? text : fmt::format("{}|{}", text, count));
  }
}

/// Hazards count one level higher where own-GIL support is declared (rules.md A4): a promise is broken there.
void raise_where_declared(std::vector<Finding>& findings, const Facts& facts, const UnitLinks& links) {
  const std::vector<std::string> own_gil = own_gil_modules(facts);
  for (Finding& finding : findings) {
    // What is merely possible breaks no promise yet: it makes the verdict `suspect`.
    if (finding.severity != model::Severity::hazard || finding.status == model::Status::possible) continue;
    const std::vector<std::string> modules = links.modules_of(finding);
    if (std::ranges::any_of(modules, [&](const auto& module) { return std::ranges::binary_search(own_gil, module); })) {
      finding.severity = model::Severity::blocker;
    }
  }
}

std::vector<Finding> run_rules(const Facts& facts, const UnitLinks& links) {
  std::vector<Finding> findings;
  const auto add = [&](const Rule& rule, std::vector<Finding> found) {
    for (Finding& finding : found) {
      finding.rule = rule.slug;
      findings.push_back(std::move(finding));
    }
  };
  for (const Rule* rule : all_rules()) {
    if (rule->check != nullptr) add(*rule, rule->check(facts));
  }
  std::vector<std::pair<const Rule*, std::vector<Finding>>> sums;
  const FindingIndex index(findings, links);
  for (const Rule* rule : all_rules()) {
    if (rule->check_after != nullptr) sums.emplace_back(rule, rule->check_after(facts, index));
  }
  for (auto& [rule, found] : sums) add(*rule, std::move(found));
  return findings;
}

/// What speaks against calling the module isolated under that Python.
std::vector<Finding> findings_against(const FindingIndex& index, const std::string& module, const std::string& python) {
  std::vector<Finding> against;
  for (const Finding* finding : index.of(module)) {
    if (finding->severity == model::Severity::advice || find_rule(finding->rule)->group == Group::definition) continue;
    if (finding->pythons.empty() || contains(finding->pythons, python)) against.push_back(*finding);
  }
  return against;
}

bool by_place(const Finding& a, const Finding& b) {
  return std::tie(a.module, a.where, a.rule, a.subject, a.message) <
         std::tie(b.module, b.where, b.rule, b.subject, b.message);
}

/// Where to find what belongs to a compiled module, so that a whole environment is judged in linear time.
struct Lookup {
  using Key = std::pair<std::string_view, std::string_view>;

  Lookup(const Facts& facts, const std::vector<Finding>& found, const UnitLinks& links) : findings(found, links) {
    for (const model::RunFacts& run : facts.runs) runs.emplace(Key(run.path, run.python), &run);
    for (const model::BinaryFacts& binary : facts.binaries) binaries.emplace(binary.module, &binary);
  }

  const model::RunFacts* run(const std::string& path, const std::string& python) const {
    const auto entry = runs.find(Key(path, python));
    return entry == runs.end() ? nullptr : entry->second;
  }

  /// Does another file of the same module name fit this interpreter? Then this one is of another build of the package.
  bool replaced(const model::BinaryFacts& binary, const std::string& python) const {
    const auto [first, last] = binaries.equal_range(binary.module);
    return std::any_of(first, last, [&](const auto& entry) {
      return entry.second->path != binary.path && contains(entry.second->importable_by, python);
    });
  }

  FindingIndex findings;
  std::map<Key, const model::RunFacts*> runs{};
  std::multimap<std::string_view, const model::BinaryFacts*> binaries{};
};

bool speaks_of(const model::BinaryEntryPoint& row, const std::vector<model::Interpreter>& pythons) {
  return std::ranges::any_of(pythons, [&](const model::Interpreter& python) {
    return std::ranges::find(row.versions, python.version) != row.versions.end();
  });
}

/// One for each hook; several where an abi3 file answers versions differently, and then those of the audited ones.
std::vector<model::EntryPoint> entry_points_for(const std::vector<model::Interpreter>& pythons,
                                                const model::BinaryFacts& binary) {
  std::map<std::string, std::vector<const model::BinaryEntryPoint*>> by_symbol;
  for (const model::BinaryEntryPoint& row : binary.entry_points) by_symbol[row.entry.symbol].push_back(&row);
  std::vector<model::EntryPoint> entries;
  for (const auto& [symbol, rows] : by_symbol) {
    const bool chosen = std::ranges::any_of(rows, [&](const auto* row) { return speaks_of(*row, pythons); });
    for (const model::BinaryEntryPoint* row : rows) {
      if (chosen && !speaks_of(*row, pythons)) continue;
      entries.push_back(row->entry);
      if (rows.size() > 1) entries.back().only_for = row->versions;
    }
  }
  return entries;
}

ModuleReport compiled_module(const Facts& facts, const model::BinaryFacts& binary) {
  ModuleReport module;
  module.name = binary.module;
  module.path = binary.path;
  module.sha256 = binary.sha256;
  module.format = binary.format;
  module.compiled = true;
  module.arch = binary.arch;
  module.framework = binary.framework;
  module.framework_version = binary.framework_version;
  module.footprint = binary.footprint;
  if (binary.code.read || !binary.code.why_not.empty()) module.code = code_report(binary);
  const auto rows = default_entry(binary);
  const model::BinaryEntryPoint* decisive = rows.empty() ? nullptr : rows.front();
  for (const model::BinaryEntryPoint* row : rows) {
    // The newest audited Python that this row speaks of.
    for (const model::Interpreter& python : facts.pythons) {
      if (std::ranges::find(row->versions, python.version) != row->versions.end()) decisive = row;
    }
  }
  if (decisive != nullptr) module.declares = decisive->entry.declares;
  module.entry_points = entry_points_for(facts.pythons, binary);
  return module;
}

/// One for each of the facts' Pythons that the file speaks to.
void add_verdicts(const Facts& facts, const model::BinaryFacts& binary, const Lookup& lookup,
                  std::vector<model::Verdict>& verdicts) {
  for (const model::Interpreter& python : facts.pythons) {
    if (!contains(binary.importable_by, python.id)) {
      if (!binary.named || lookup.replaced(binary, python.id)) continue;
      model::Verdict verdict;
      verdict.python = python.id;
      verdict.reason = fmt::format("not for this Python {}: built for {}{}{}", python.id, binary.arch,
                                   binary.abi_tag.empty() ? "" : ", ", binary.abi_tag);
      verdicts.push_back(std::move(verdict));
      continue;
    }
    verdicts.push_back(verdict_for(facts, binary, python, lookup.run(binary.path, python.id),
                                   findings_against(lookup.findings, binary.module, python.id)));
  }
}

/// Judges what the sources say to some of the Pythons, together with all that was compiled and run; each module's
/// verdicts under these Pythons are put to the others'. `verdicts` has a row for each binary.
ViewFindings judge_view(Facts& facts, model::SourceView& view, std::vector<std::vector<model::Verdict>>& verdicts) {
  std::vector<model::Interpreter> all = facts.pythons;
  ViewFindings judged{view.pythons, {}};
  std::swap(facts.source, view.facts);
  link_units(facts);
  const UnitLinks links(facts);
  {
    std::erase_if(facts.pythons, [&](const auto& python) { return !contains(view.pythons, python.id); });
    std::vector<Finding> findings = run_rules(facts, links);
    drop_what_is_of_others(findings, view.pythons, all, facts.binaries);
    const bool source_is_whole = std::ranges::none_of(facts.source.units, &model::Unit::incomplete);
    judged.findings = fold(join(std::move(findings), source_is_whole), facts);
    raise_where_declared(judged.findings, facts, links);
    std::ranges::sort(judged.findings, by_place);
    sort_reasons(judged.findings);
    const Lookup lookup(facts, judged.findings, links);
    for (std::size_t i = 0; i < facts.binaries.size(); ++i) {
      add_verdicts(facts, facts.binaries[i], lookup, verdicts[i]);
    }
  }
  facts.pythons = std::move(all);
  std::swap(facts.source, view.facts);
  return judged;
}

std::vector<std::string> columns_of(const Facts& facts) {
  std::vector<std::string> columns;
  for (const model::Interpreter& python : facts.pythons) columns.push_back(python.id);
  return columns;
}

/// What the bytes say and what the import system did must agree; where they do not, neither is believed silently.
void compare_declarations(const Facts& facts, Report& report) {
  for (const ModuleReport& module : report.modules) {
    for (const model::Verdict& verdict : module.verdicts) {
      const auto isolated = std::ranges::find(verdict.phases, model::Level::isolated, &model::Phase::level);
      if (isolated == verdict.phases.end() || isolated->outcome != model::Outcome::ok) continue;
      const auto declared = module.declares.multiple_interpreters;
      if (declared == model::MultipleInterpreters::per_interpreter_gil ||
          declared == model::MultipleInterpreters::undetermined || facts.pythons.size() > 1) {
        continue;
      }
      report.gaps.push_back(
          {module.path, fmt::format("its bytes were read as \"{}\", yet Python {} loads it under its own GIL",
                                    to_string(declared), verdict.python)});
    }
  }
}

}  // namespace

Report judge(Facts facts, const JudgeOptions& options) {
  Report report;
  report.pythons = facts.pythons;
  report.gaps = facts.gaps;
  report.notes = facts.notes;

  const std::vector<std::string> columns = columns_of(facts);
  std::vector<model::SourceView> views = std::move(facts.source_views);
  if (views.empty()) views.push_back({columns, std::move(facts.source)});
  facts.source = {};
  std::vector<ViewFindings> found;
  std::vector<std::vector<model::Verdict>> verdicts(facts.binaries.size());
  for (model::SourceView& view : views) found.push_back(judge_view(facts, view, verdicts));
  report.findings = merge_views(std::move(found), columns);
  std::ranges::sort(report.findings, by_place);
  set_fingerprints(report.findings);
  sort_reasons(report.findings);

  for (std::size_t i = 0; i < facts.binaries.size(); ++i) {
    ModuleReport& module = report.modules.emplace_back(compiled_module(facts, facts.binaries[i]));
    module.verdicts = std::move(verdicts[i]);
    std::ranges::sort(module.verdicts, {}, [&](const model::Verdict& verdict) {
      return std::ranges::find(columns, verdict.python) - columns.begin();
    });
  }
  // What is shown is the user's choice; what a verdict rests on is not.
  std::erase_if(report.findings, [&](const Finding& finding) {
    return (!options.select.empty() && !contains(options.select, finding.rule)) ||
           contains(options.ignore, finding.rule);
  });
  report.findings = one_for_each_generator(report.findings, own_gil_modules(facts));
  add_source_modules(facts, views, report.modules);
  std::ranges::sort(report.modules, {}, [](const ModuleReport& m) { return std::tie(m.name, m.path); });
  compare_declarations(facts, report);

  std::ranges::sort(report.gaps);
  const auto repeated = std::ranges::unique(report.gaps);
  report.gaps.erase(repeated.begin(), repeated.end());
  return report;
}

}  // namespace isoaudit::rules
