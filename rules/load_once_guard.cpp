#include <fmt/format.h>

#include <string>

#include "model/load_once_guards.h"
#include "rules/generated.h"
#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::Level;
using model::Outcome;

/// The first isolated interpreter got in and a later one was turned away by the module itself.
const model::Phase* later_refusal(const model::RunFacts& run) {
  const model::Phase* first = model::find_phase(run, Level::isolated);
  if (first == nullptr || first->outcome != Outcome::ok) return nullptr;
  for (const Level level : {Level::sequential, Level::concurrent}) {
    const model::Phase* phase = model::find_phase(run, level);
    if (phase != nullptr && phase->outcome == Outcome::error && model::raised(*phase, "ImportError")) {
      return phase;
    }
  }
  return nullptr;
}

/// The text with which a call of the source turns the importer away; empty when it does not.
std::string refusal_of(const model::ApiUse& use) {
  if (use.name != "PyErr_SetString" && use.name != "PyErr_Format") return {};
  for (const std::string& text : use.literals) {
    if (model::load_once_guard_in(text) != nullptr) return text;
  }
  return {};
}

std::vector<model::Finding> check(const model::Facts& facts) {
  std::vector<model::Finding> findings;
  const auto base = [](const std::string& module, const std::string& path) {
    model::Finding finding;
    finding.severity = model::Severity::blocker;
    finding.subject = {"load-once guard", "", "", ""};
    finding.module = module;
    finding.where.file = path;
    finding.message = fmt::format("`{}` lets one interpreter load it and turns away every other", module);
    finding.fix = "keep the state in the module state (m_size) and remove the guard";
    return finding;
  };
  const UnitLinks links(facts);
  for (const model::ApiUse& use : facts.source.api_uses) {
    const std::string text = refusal_of(use);
    if (text.empty()) continue;
    const std::string module = links.primary_module(use.unit);
    model::Finding finding = base(module.empty() ? file_name(use.unit, true) : module, use.where.file);
    finding.module = module;
    finding.where = use.where;
    finding.status = model::Status::likely;
    finding.generator = use.generator;
    if (!use.generator.empty()) finding.fix = generator_fix(use.generator, finding.fix);
    finding.because.push_back(
        {model::EvidenceKind::source, fmt::format("`{}` says \"{}\" here", use.name, text), use.where});
    findings.push_back(std::move(finding));
  }
  for (const model::BinaryFacts& binary : facts.binaries) {
    for (const std::string& text : binary.guard_texts) {
      model::Finding finding = base(binary.module, binary.path);
      finding.status = model::Status::likely;
      const model::LoadOnceGuard* guard = model::load_once_guard_in(text);
      if (guard != nullptr && guard->generator == to_string(binary.framework)) {
        finding.generator = guard->generator;
        finding.fix = generator_fix(finding.generator, finding.fix);
      }
      finding.because.push_back({model::EvidenceKind::binary, fmt::format("holds the text \"{}\"", text), {}});
      findings.push_back(std::move(finding));
    }
  }
  for (const model::RunFacts& run : facts.runs) {
    const model::Phase* phase = later_refusal(run);
    if (phase == nullptr) continue;
    model::Finding finding = base(run.module, run.path);
    finding.status = model::Status::confirmed;
    finding.pythons = {run.python};
    finding.because.push_back({model::EvidenceKind::runtime,
                               fmt::format("Python {} ({}): {}", run.python, to_string(phase->level), phase->detail),
                               {}});
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule load_once_guard{
    .slug = "load-once-guard",
    .group = Group::definition,
    .severity = model::Severity::blocker,
    .doc = R"(## What it finds
A module that loads in one interpreter and raises ImportError in the next, by its own check ("Interpreter change
detected", "cannot load module more than once per process"). In sources and files it is known by what it says.

## Why it matters
It is a safe refusal, and the documented way to opt out; still only one interpreter of a process can use the module.

## How to fix
Real module state for each interpreter; then remove the guard.

## What it cannot see
Guards whose text is not known, in modules that were not run.
)",
    .check = check,
};

}  // namespace isoaudit::rules
