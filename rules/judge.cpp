#include "rules/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>

#include "rules/declarations.h"
#include "rules/join.h"
#include "rules/link_units.h"
#include "rules/registry.h"
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

std::vector<Finding> run_rules(const Facts& facts) {
  std::vector<Finding> findings;
  for (const Rule* rule : all_rules()) {
    for (Finding& finding : rule->check(facts)) {
      finding.rule = rule->slug;
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

/// What speaks against calling the module isolated under that Python.
std::vector<Finding> findings_against(const std::vector<Finding>& findings, const UnitLinks& links,
                                      const std::string& module, const std::string& python) {
  std::vector<Finding> against;
  for (const Finding& finding : findings) {
    if (finding.severity == model::Severity::advice || find_rule(finding.rule)->group == Group::definition) continue;
    if (!finding.pythons.empty() && !contains(finding.pythons, python)) continue;
    if (contains(links.modules_of(finding), module)) against.push_back(finding);
  }
  return against;
}

bool by_place(const Finding& a, const Finding& b) {
  return std::tie(a.module, a.where, a.rule, a.subject, a.message) <
         std::tie(b.module, b.where, b.rule, b.subject, b.message);
}

/// Does another file of the same module name fit this interpreter? Then this one is of another build of the package.
bool replaced(const Facts& facts, const model::BinaryFacts& binary, const std::string& python) {
  return std::ranges::any_of(facts.binaries, [&](const model::BinaryFacts& other) {
    return other.module == binary.module && other.path != binary.path && contains(other.importable_by, python);
  });
}

ModuleReport compiled_module(const Facts& facts, const model::BinaryFacts& binary, const UnitLinks& links,
                             const std::vector<Finding>& findings) {
  ModuleReport module;
  module.name = binary.module;
  module.path = binary.path;
  module.sha256 = binary.sha256;
  module.format = binary.format;
  module.compiled = true;
  module.arch = binary.arch;
  module.framework = binary.framework;
  module.framework_version = binary.framework_version;
  const auto rows = default_entry(binary);
  const model::BinaryEntryPoint* decisive = rows.empty() ? nullptr : rows.front();
  for (const model::BinaryEntryPoint* row : rows) {
    // The newest audited Python that this row speaks of.
    for (const model::Interpreter& python : facts.pythons) {
      if (std::ranges::find(row->versions, python.version) != row->versions.end()) decisive = row;
    }
  }
  if (decisive != nullptr) module.declares = decisive->entry.declares;
  std::set<std::string> symbols;
  for (const model::BinaryEntryPoint& row : binary.entry_points) {
    if (symbols.insert(row.entry.symbol).second) module.entry_points.push_back(row.entry);
  }
  for (const model::Interpreter& python : facts.pythons) {
    const auto run = std::ranges::find_if(
        facts.runs, [&](const model::RunFacts& r) { return r.path == binary.path && r.python == python.id; });
    if (!contains(binary.importable_by, python.id)) {
      if (!binary.named || replaced(facts, binary, python.id)) continue;
      model::Verdict verdict;
      verdict.python = python.id;
      verdict.reason = fmt::format("not for this Python {}: built for {}{}{}", python.id, binary.arch,
                                   binary.abi_tag.empty() ? "" : ", ", binary.abi_tag);
      module.verdicts.push_back(std::move(verdict));
      continue;
    }
    module.verdicts.push_back(verdict_for(facts, binary, python, run == facts.runs.end() ? nullptr : &*run,
                                          findings_against(findings, links, binary.module, python.id)));
  }
  return module;
}

/// Hooks whose compiled module was not among the targets.
void add_source_modules(const Facts& facts, std::vector<ModuleReport>& modules) {
  for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
    const bool compiled = std::ranges::any_of(facts.binaries, [&](const model::BinaryFacts& binary) {
      return std::ranges::any_of(binary.entry_points, [&](const model::BinaryEntryPoint& row) {
        return row.entry.symbol == hook.entry.symbol;
      });
    });
    if (compiled) continue;
    ModuleReport module;
    module.name = hook.entry.module;
    module.path = hook.where.file;
    module.entry_points = {hook.entry};
    module.declares = hook.entry.declares;
    modules.push_back(std::move(module));
  }
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
  link_units(facts);
  Report report;
  report.pythons = facts.pythons;
  report.gaps = facts.gaps;
  report.notes = facts.notes;

  const UnitLinks links(facts);
  report.findings = join(run_rules(facts));
  raise_where_declared(report.findings, facts, links);
  std::ranges::sort(report.findings, by_place);
  set_fingerprints(report.findings);
  for (Finding& finding : report.findings) std::ranges::sort(finding.because);

  for (const model::BinaryFacts& binary : facts.binaries) {
    report.modules.push_back(compiled_module(facts, binary, links, report.findings));
  }
  // What is shown is the user's choice; what a verdict rests on is not.
  std::erase_if(report.findings, [&](const Finding& finding) {
    return (!options.select.empty() && !contains(options.select, finding.rule)) ||
           contains(options.ignore, finding.rule);
  });
  add_source_modules(facts, report.modules);
  std::ranges::sort(report.modules, {}, [](const ModuleReport& m) { return std::tie(m.name, m.path); });
  compare_declarations(facts, report);

  std::ranges::sort(report.gaps);
  const auto repeated = std::ranges::unique(report.gaps);
  report.gaps.erase(repeated.begin(), repeated.end());
  return report;
}

}  // namespace isoaudit::rules
