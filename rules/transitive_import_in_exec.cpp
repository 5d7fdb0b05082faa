#include <fmt/format.h>

#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  std::vector<model::Finding> findings;
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
A module that could not be imported because a module that it imports itself is refused; that one was then probed alone.

## Why it matters
A module is only as isolated as what it needs to be imported.

## How to fix
Import the dependency where it is used and do without it when it is refused, or help to port it.

## What it cannot see
Imports that happen only in a later call.
)",
    .check = check,
};

}  // namespace isoaudit::rules
