#include <fmt/format.h>

#include "model/said_of_many.h"
#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

/// An object of an interpreter that rested was touched: "`demo.Error`: 5 references before, ...".
model::Finding disturbed_finding(const model::RunFacts& run, const model::Phase& phase, const std::string& text) {
  model::Finding finding;
  const std::string name(model::subject_of(text));
  finding.subject.name = name;
  finding.module = run.module;
  finding.where.file = run.path;
  finding.pythons = {run.python};
  finding.severity = model::Severity::hazard;
  finding.status = model::Status::confirmed;
  finding.message = fmt::format("`{}` of one interpreter is used by another one", name);
  finding.fix = "find who keeps it outside the module state, and move it there";
  finding.because.push_back(
      {model::EvidenceKind::runtime, fmt::format("Python {} ({}): {}", run.python, to_string(phase.level), text), {}});
  return finding;
}

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "holds Python objects of one interpreter where every interpreter finds them",
      .fix = "move `{}` into the module state (m_size), visit it in m_traverse, clear it in m_clear",
      .fix_of_many = "move them into the module state (m_size), visit them in m_traverse, clear them in m_clear"};
  std::vector<model::Finding> findings =
      variable_findings(facts, VariableKind::object_cache, model::Severity::hazard, words);
  for (const model::RunFacts& run : facts.runs) {
    for (const model::Phase& phase : run.phases) {
      // Where a variable is known that is shared, its object moves: no second finding. Who is forced in shares by rule.
      if (phase.level == model::Level::forced || !phase.shared.empty()) continue;
      for (const std::string& text : phase.disturbed) findings.push_back(disturbed_finding(run, phase, text));
    }
  }
  return findings;
}

}  // namespace

extern constinit const Rule global_pyobject_cache{
    .slug = "global-pyobject-cache",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global, static or static member that holds Python objects (pointers, arrays, containers, wrapper classes) and is
written outside its initialiser. A run also finds what no global holds itself: tables in plain memory that lead all
interpreters to the objects of one, an object that two interpreters have, and counts of references that move in an
interpreter that rests.

## Why it matters
An object belongs to the interpreter that made it: its reference count and its data have no lock, its memory comes
from that interpreter's allocator. Used from a second interpreter it corrupts memory, often without concurrency.

## How to fix
Keep it in the module state, or in `PyInterpreterState_GetDict`.

## What it cannot see
In the sources, objects behind pointers to plain memory.
)",
    .check = check,
};

}  // namespace isoaudit::rules
