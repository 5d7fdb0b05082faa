#include <fmt/format.h>

#include "rules/api_calls.h"
#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

/// `PyInterpreterState_Get() == PyInterpreterState_Main()`. Who compares with the head of the list asks for something
/// that changes meanwhile.
bool asks_whether_main(const model::ApiUse& use) {
  return use.only_compared && (use.name == "PyInterpreterState_Main" || use.name == "_PyInterpreterState_Main");
}

/// Right as it is, and yet the reader wants to know where one interpreter is treated unlike the others.
model::Finding question(const model::ApiUse& use, const UnitLinks& links) {
  model::Finding finding;
  finding.severity = model::Severity::advice;
  finding.status = model::Status::likely;
  finding.subject = {use.name, use.name, use.unit, ""};
  finding.module = links.primary_module(use.unit);
  finding.where = use.where;
  finding.message =
      fmt::format("`{}` is only compared with: the main interpreter is treated unlike the others", use.name);
  finding.fix =
      "nothing to change where it refuses the others or does once what the process needs; what each interpreter needs "
      "belongs in the exec function, for all of them";
  finding.generator = use.generator;
  finding.because.push_back({model::EvidenceKind::source, fmt::format("`{}` is compared here", use.name), use.where});
  return finding;
}

std::vector<model::Finding> check(const model::Facts& facts) {
  const auto counts = [](const model::ApiUse& use) { return !use.only_asked_for_null && !asks_whether_main(use); };
  std::vector<model::Finding> findings = api_findings(
      facts, "interpreter-state-main", {.fix = "it answers which interpreter runs the code", .counts = counts});
  const UnitLinks links(facts);
  for (const model::ApiUse& use : facts.source.api_uses) {
    if (asks_whether_main(use)) findings.push_back(question(use, links));
  }
  return findings;
}

}  // namespace

extern constinit const Rule interpreter_state_main{
    .slug = "interpreter-state-main",
    .group = Group::c_api,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Uses of `PyInterpreterState_Main`, `PyInterpreterState_Head` and `PyInterpreterState_Next`.

## Why it matters
They name interpreter 0, or walk all interpreters while these start and end under GILs of their own. Work that belongs
to the calling interpreter is then done in another one.

A comparison such as `PyInterpreterState_Get() == PyInterpreterState_Main()` enters no interpreter: it is advice, since
it tells where the main interpreter is treated unlike the others. `if (!PyInterpreterState_Head())`, whether Python runs
at all, is not reported.

## How to fix
`PyInterpreterState_Get` is the interpreter that runs the code. A comparison is right where it refuses all interpreters
but the main one, or does once what the process needs (a signal handler, the set-up of a library).

## What it cannot see
What an import of such a name is for, in a module without its sources: `possible`. pybind11 links a comparison into
every module: that import is advice.
)",
    .check = check,
};

}  // namespace isoaudit::rules
