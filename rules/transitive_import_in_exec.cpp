#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "rules/declarations.h"
#include "rules/link_units.h"
#include "rules/rule.h"
#include "rules/written.h"

namespace isoaudit::rules {
namespace {

/// What the call imports, by a name that stands there: "pkg.mod"; empty when it does not.
std::string imported_by(const model::ApiUse& use) {
  if (use.literals.empty()) return {};
  const std::string& name = use.literals.front();
  if (use.name == "PyImport_ImportModule" || use.name == "PyImport_ImportModuleNoBlock" ||
      use.name == "PyImport_ImportModuleLevel" || use.name == "PyImport_ImportModuleAttrString") {
    return name;
  }
  // "pkg.mod._C_API"
  return use.name == "PyCapsule_Import" ? name.substr(0, name.rfind('.')) : "";
}

bool is_refused(const model::EntryPoint& entry) {
  return entry.init == model::Init::single_phase ||
         entry.declares.multiple_interpreters == model::MultipleInterpreters::not_supported;
}

/// Modules of this audit that isolated interpreters refuse, by their dotted names where files tell them.
std::set<std::string> refused_modules(const model::Facts& facts) {
  std::set<std::string> refused;
  for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
    if (is_refused(hook.entry)) refused.insert(dotted_module(facts, hook.entry.module));
  }
  for (const model::BinaryFacts& binary : facts.binaries) {
    const auto rows = default_entry(binary);
    const bool all = std::ranges::all_of(rows, [](const auto* row) { return is_refused(row->entry); });
    if (all && !rows.empty()) refused.insert(binary.module);
  }
  return refused;
}

/// A way that leads to the call whenever the module is imported; null when none is known.
const model::Reached* at_import(const model::ApiUse& use) {
  const auto row = std::ranges::find_if(use.reached, [](const model::Reached& reached) {
    return reached.when == model::RunsWhen::hook || reached.when == model::RunsWhen::exec;
  });
  return row == use.reached.end() ? nullptr : &*row;
}

/// An import that runs in calls alone is what this rule advises; where nothing is known of the time, it may be the
/// other.
bool may_be_at_import(const model::ApiUse& use) { return use.reached.empty() || at_import(use) != nullptr; }

void add_source(const model::Facts& facts, std::vector<model::Finding>& findings) {
  const std::set<std::string> refused = refused_modules(facts);
  const UnitLinks links(facts);
  for (const model::ApiUse& use : facts.source.api_uses) {
    const std::string name = imported_by(use);
    if (name.empty() || !may_be_at_import(use)) continue;
    // A hook in a source knows the last part of its module's name.
    const bool known = refused.contains(name) || refused.contains(last_component(name));
    const std::vector<std::string>& modules = links.modules_of(use.unit);
    const auto importer = std::ranges::find_if(
        modules, [&](const std::string& module) { return last_component(module) != last_component(name); });
    if (!known || importer == modules.end()) continue;
    model::Finding finding;
    const model::Reached* way = at_import(use);
    finding.severity = way == nullptr ? model::Severity::hazard : model::Severity::blocker;
    finding.status = way == nullptr ? model::Status::possible : model::Status::likely;
    finding.subject = {name, "", use.unit, ""};
    finding.module = *importer;
    finding.where = use.where;
    finding.message = fmt::format("`{}` imports `{}`, which isolated interpreters refuse", *importer, name);
    finding.fix = fmt::format("import `{}` only where it is needed, and catch ImportError there", name);
    finding.because.push_back(
        {model::EvidenceKind::source, fmt::format("`{}` gets \"{}\" here", use.name, use.literals.front()), use.where});
    if (way != nullptr) finding.because.push_back(reason_of_way(*way));
    findings.push_back(std::move(finding));
  }
}

std::vector<model::Finding> check(const model::Facts& facts) {
  std::vector<model::Finding> findings;
  add_source(facts, findings);
  for (const model::RunFacts& run : facts.runs) {
    for (const std::string& dependency : run.refused_dependencies) {
      model::Finding finding;
      finding.severity = model::Severity::blocker;
      finding.status = model::Status::confirmed;
      finding.subject = {dependency, "", "", ""};
      finding.module = run.module;
      finding.where.file = run.path;
      finding.message = fmt::format("`{}` imports `{}`, which isolated interpreters refuse", run.module, dependency);
      finding.fix = fmt::format("import `{}` only where it is needed, and catch ImportError there", dependency);
      finding.pythons = {run.python};
      finding.because.push_back(
          {model::EvidenceKind::runtime,
           fmt::format("Python {}: `{}`, imported by itself in an isolated interpreter, is refused", run.python,
                       dependency),
           {}});
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace

extern constinit const Rule transitive_import_in_exec{
    .slug = "transitive-import-in-exec",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
A module that could not be imported because a module that it imports itself is refused; that one was then probed alone. In
sources: calls that import, by a name that stands there, a module of the same audit that single-phase init or its slot
keeps out, where they run when the module itself is imported.

## Why it matters
A module is only as isolated as what it needs to be imported.

## How to fix
Import the dependency where it is used and do without it when it is refused, or help to port it.

## What it cannot see
In sources, whether the importer does without the other when it is refused, and names that are put together. When the
call runs is not known of templates and virtual methods: `possible`.
)",
    .check = check,
};

}  // namespace isoaudit::rules
