#include <fmt/format.h>

#include "rules/rule.h"
#include "rules/variable_findings.h"
#include "rules/writes.h"

namespace isoaudit::rules {
namespace {

using model::EvidenceKind;
using model::Finding;
using model::Severity;

constexpr VariableWords words{
    .harm = "is mutable memory that only the GIL used to guard",
    .fix = "make `{}` atomic, guard it with a mutex, or move it into the module state",
    .fix_of_many = "make them atomic, guard them with a mutex, or move them into the module state",
    .guarded = "is guarded at every store, but may hold an object, which no lock helps",
    .fix_guarded = "leave it where it holds no object and leads to none; an object belongs into the module state"};

Finding write_finding(const std::string& module, const std::string& path, const std::string& symbol,
                      const std::string& linkage_name, const std::string& address) {
  Finding finding;
  const std::string shown = shown_name(symbol, address);
  finding.severity = Severity::hazard;
  finding.subject = {short_name(symbol), linkage_name, "", address};
  finding.module = module;
  finding.where.file = path;
  finding.message = fmt::format("`{}` {}", shown, words.harm);
  finding.fix = fmt::format(fmt::runtime(words.fix), shown);
  finding.fix_of_many = words.fix_of_many;
  return finding;
}

/// Words of the module's memory that two interpreters wrote.
void add_run(const model::Facts& facts, std::vector<Finding>& findings) {
  for (const model::RunFacts& run : facts.runs) {
    for (const ConflictingWrite& write : conflicting_writes(facts, run)) {
      Finding finding = write_finding(run.module, run.path, write.symbol, write.linkage_name, write.address);
      finding.status = write.overwritten ? model::Status::confirmed : model::Status::possible;
      finding.pythons = {run.python};
      finding.because.push_back({EvidenceKind::runtime, fmt::format("Python {}: {}", run.python, write.text), {}});
      findings.push_back(std::move(finding));
    }
  }
}

std::vector<Finding> check(const model::Facts& facts) {
  std::vector<Finding> findings = variable_findings(facts, VariableKind::plain, Severity::hazard, words);
  add_run(facts, findings);
  return findings;
}

}  // namespace

extern constinit const Rule non_object_mutable_static{
    .slug = "non-object-mutable-static",
    .group = Group::objects,
    .severity = Severity::hazard,
    .doc = R"(## What it finds
Variables with static storage that hold no Python object and are written after their initialiser: counters, flags,
buffers, caches, handles of C libraries. In compiled modules that declare own-GIL support: memory that two interpreters
were seen to write, and memory that the machine code writes.

## Why it matters
They were safe because one GIL let one thread at a time write. Interpreters with their own GILs write at once: four
interpreters that count to 80 million together arrived between 41 and 69 million.

## How to fix
An atomic, a mutex (`PyMutex` from 3.13), a thread-local, or a field of the module state.

## What it cannot see
Memory behind pointers. A variable under a lock, an atomic, or one that only ever gets one and the same value is
reported as advice, with that reason, or not at all. Machine code does not tell a pointer to plain C data from one to
an object: where that may be either, the variable is reported, lock or not.
)",
    .check = check,
};

}  // namespace isoaudit::rules
