#include "rules/code_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "rules/code_variables.h"
#include "rules/harmless.h"
#include "rules/link_units.h"
#include "rules/written.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::EvidenceKind;
using model::Facts;
using model::Finding;

constexpr std::size_t most_reasons = 6;

/// ", at every import and in calls": when the function that stores runs.
std::string times_of(const model::CodeWrite& write) {
  std::string text;
  for (const model::Reached& reached : write.reached) {
    const char* words = time_words(reached.when);
    if (text.find(words) == std::string::npos) text += (text.empty() ? ", " : " and ") + std::string(words);
  }
  return text;
}

/// One way that leads to a store, for each time at which that happens.
void add_paths(const CodeVariable& variable, Finding& finding) {
  std::map<model::RunsWhen, std::string> paths;
  for (const model::CodeWrite* write : variable.writes) {
    for (const model::Reached& reached : write->reached) {
      // The slot's own function says no more than its store does; the name of a method does.
      const std::size_t step = reached.path.find(" → ");
      const bool tells = step != std::string::npos && (reached.when == model::RunsWhen::call ||
                                                       reached.path.find(" → ", step + 1) != std::string::npos);
      if (tells) paths.try_emplace(reached.when, reached.path);
    }
  }
  for (const auto& [when, path] : paths) {
    finding.because.push_back({EvidenceKind::code, fmt::format("written {}: {}", time_words(when), path), {}});
  }
}

/// Names of variables that the source of this module knows to be harmless, all of that name.
std::map<std::string, bool> harmless_names(const Facts& facts, const UnitLinks& links, const std::string& module) {
  std::map<std::string, bool> names;
  for (const model::Variable& variable : facts.source.variables) {
    const auto& modules = links.modules_of(variable.unit);
    if (std::ranges::find(modules, module) == modules.end()) continue;
    const bool harmless = classify(variable) == VariableKind::harmless;
    for (const std::string& name : {variable.name, variable.linkage_name}) {
      const auto [entry, added] = names.emplace(name, harmless);
      if (!added) entry->second = entry->second && harmless;
    }
  }
  return names;
}

Finding finding_on(const CodeVariable& variable, const BinaryFacts& binary, model::Severity severity,
                   const VariableWords& words) {
  Finding finding;
  const std::string address = variable.address();
  // A static type's own name, where its symbol is gone, is no symbol.
  const bool symbol = !variable.symbol.empty();
  const std::string shown = symbol || variable.name.empty() ? shown_name(variable.name, address) : variable.name;
  finding.severity = severity;
  // Where what is stored is known to be an object, only its lock is open, and no lock helps an object.
  finding.status = variable.sure ? model::Status::likely : model::Status::possible;
  finding.subject = {symbol ? short_name(variable.name) : variable.name, variable.symbol, "", address};
  finding.generator = generator_of(variable, binary);
  finding.module = binary.module;
  finding.where.file = binary.path;
  const bool guarded = !variable.sure && words.guarded != nullptr && is_guarded(variable);
  const char* maybe = guarded ? words.guarded : words.maybe;
  finding.message = fmt::format("`{}` {}", shown, variable.sure || maybe == nullptr ? words.harm : maybe);
  finding.fix = guarded ? words.fix_guarded : fmt::format(fmt::runtime(words.fix), shown);
  finding.fix_of_many = guarded ? words.fix_guarded : words.fix_of_many;
  const bool is_dead = nothing_leads_to(variable.writes.front()->reached);
  for (const model::CodeWrite* write : variable.writes) {
    // What nothing leads to comes last, and is no evidence beside what runs.
    if (finding.because.size() == most_reasons || (!is_dead && nothing_leads_to(write->reached))) break;
    const std::string guard = write->guard.empty() ? "" : ", under " + write->guard;
    const std::string text = write_words(*write, shown) + times_of(*write) + guard;
    const model::Because because{EvidenceKind::code, text, write->where};
    if (std::ranges::find(finding.because, because) == finding.because.end()) finding.because.push_back(because);
  }
  add_paths(variable, finding);
  if (variable.declared != nullptr) {
    const model::StaticObject& object = *variable.declared;
    finding.because.push_back({EvidenceKind::binary,
                               fmt::format("declared as `{}` in {}:{}", object.declared_type,
                                           file_name(object.declared_file), object.declared_line),
                               {}});
  }
  return finding;
}

}  // namespace

std::vector<Finding> code_findings(const Facts& facts, VariableKind kind, model::Severity severity,
                                   const VariableWords& words) {
  std::vector<Finding> findings;
  const UnitLinks links(facts);
  for (const BinaryFacts& binary : facts.binaries) {
    if (binary.code.writes.empty()) continue;
    const std::map<std::string, bool> harmless = harmless_names(facts, links, binary.module);
    for (const CodeVariable& variable : code_variables(binary)) {
      if (variable.kind != kind || !variable.explained.empty()) continue;
      const auto known = harmless.find(plain_symbol(variable.symbol));
      if (known != harmless.end() && known->second) continue;
      findings.push_back(finding_on(variable, binary, severity, words));
    }
  }
  return findings;
}

}  // namespace isoaudit::rules
