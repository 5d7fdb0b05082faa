#include <fmt/format.h>

#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

using model::Finding;
using model::StoredValue;

/// What every call stores alike does no harm.
bool stores_the_same(const model::Write& write) {
  return (write.value == StoredValue::constant || write.value == StoredValue::static_address) && !write.stored.empty();
}

std::vector<Finding> check(const model::Facts& facts) {
  const UnitLinks links(facts);
  std::vector<Finding> findings;
  for (const model::Variable& variable : facts.source.variables) {
    for (const model::Write& write : variable.writes) {
      if (!write.where.function.starts_with("PyModExport") || !write.guard.empty() || stores_the_same(write)) continue;
      Finding finding;
      finding.severity = model::Severity::advice;
      finding.status = model::Status::likely;
      finding.subject = {variable.name, variable.linkage_name, variable.unit, ""};
      finding.module = links.primary_module(variable.unit);
      finding.where = write.where;
      finding.message = fmt::format("`{}` is written by {}(), which every importing interpreter calls, several at once",
                                    variable.name, write.where.function);
      finding.fix =
          fmt::format("initialise `{}` where it is defined, const, or fill it in the exec function", variable.name);
      finding.because.push_back(
          {model::EvidenceKind::source, fmt::format("written by {}()", write.where.function), write.where});
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace

extern constinit const Rule modexport_side_effects{
    .slug = "modexport-side-effects",
    .group = Group::definition,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
`PyModExport_` functions that write to statics.

## Why it matters
Python 3.15 calls this hook in the importing interpreter, in several of them at the same time. The slots that it returns
are read when it is long done: a table that the next call fills again changes under the reader.

## How to fix
Return a table that is `static const` and initialised where it is defined. What differs from interpreter to interpreter
belongs into the exec function.

## What it cannot see
Functions that the hook calls. Stores of one and the same constant are left out.
)",
    .check = check,
};

}  // namespace isoaudit::rules
