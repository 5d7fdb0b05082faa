#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "rules/link_units.h"
#include "rules/rule.h"

#include "model/c_api_name.h"

namespace isoaudit::rules {
namespace {

using model::Finding;

constexpr std::size_t shown_uses = 8;

/// Lets the interpreter go while it waits (Python/lock.c).
constexpr std::string_view detaching = "_PyOnceFlag_CallOnce";

std::vector<Finding> check(const model::Facts& facts) {
  const UnitLinks links(facts);
  std::map<std::tuple<std::string, std::string, std::string>, Finding> found;
  for (const model::ApiUse& use : facts.source.api_uses) {
    if (use.once.empty() || use.once == detaching || !model::is_c_api_name(use.name)) continue;
    const auto [home, is_new] = found.try_emplace({use.unit, use.where.function, use.once});
    Finding& finding = home->second;
    if (is_new) {
      finding.severity = model::Severity::hazard;
      finding.status = model::Status::likely;
      finding.subject = {use.name, use.name, use.unit, ""};
      finding.module = links.primary_module(use.unit);
      finding.where = use.where;
      finding.message = fmt::format("`{}` is called in {}: whoever waits there keeps its own GIL", use.name, use.once);
      finding.fix = "do it for each interpreter in the exec function, or let Python go while waiting";
    }
    if (finding.because.size() < shown_uses) {
      finding.because.push_back({model::EvidenceKind::source, fmt::format("`{}` is used here", use.name), use.where});
    }
  }
  std::vector<Finding> findings;
  for (auto& [key, finding] : found) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace

extern constinit const Rule once_init_with_python_under_lock{
    .slug = "once-init-with-python-under-lock",
    .group = Group::process,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Uses of CPython's API in what runs once for the process while others wait: functions and lambdas of `std::call_once`,
`pthread_once` and their like, and, in C++, initialisers of a function's statics.

## Why it matters
Whoever waits for the once-lock keeps its GIL. The one inside may let its own GIL go and want it back, or wait for an
interpreter that stands outside: with several GILs nothing orders these locks, and both wait for ever. Besides, what is
made inside belongs to the interpreter that came first.

## How to fix
Make Python objects for each interpreter, in the exec function. Where something must run once for the process, let
Python go around the wait (`Py_BEGIN_ALLOW_THREADS`), or take a `PyMutex`, which lets the interpreter go while it waits
(Python 3.13).

## What it cannot see
Functions that the initialiser calls, unless they are passed to the once-function themselves.
)",
    .check = check,
};

}  // namespace isoaudit::rules
