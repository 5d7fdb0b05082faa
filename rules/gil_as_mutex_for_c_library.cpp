#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "model/c_api_name.h"
#include "rules/link_units.h"
#include "rules/rule.h"
#include "rules/stored_kind.h"
#include "rules/variables.h"
#include "rules/written.h"

namespace isoaudit::rules {
namespace {

using model::Finding;
using model::Variable;

// Memory, streams, shared objects, environment: guarded by the C library or no handle. POSIX.
constexpr auto no_handles = std::to_array<std::string_view>(
    {"aligned_alloc", "calloc", "dlopen", "dlsym", "fdopen", "fopen", "getenv", "localeconv", "malloc", "mmap",
     "newlocale", "realloc", "reallocarray", "setlocale", "strdup", "strndup", "tmpfile"});

/// The library's function whose result is kept; null when the project made it itself.
const model::Write* opened_by_library(const Variable& variable, const std::set<std::string_view>& outside) {
  for (const model::Write& write : variable.writes) {
    const bool result = write.kind == model::WriteKind::assignment && write.value == model::StoredValue::call;
    if (result && !model::is_c_api_name(write.callee) && outside.contains(write.callee) &&
        std::ranges::find(no_handles, write.callee) == no_handles.end()) {
      return &write;
    }
  }
  return nullptr;
}

bool is_handle(const Variable& variable) {
  const std::string& type = variable.canonical_type;
  // Of bytes and numbers it is a result, no handle.
  return type.ends_with(" *") && !is_number_type(type.substr(0, type.size() - 2)) && !type.starts_with("void");
}

std::vector<Finding> check(const model::Facts& facts) {
  const UnitLinks links(facts);
  std::set<std::string_view> outside;
  for (const model::ApiUse& use : facts.source.api_uses) outside.insert(use.name);
  std::vector<Finding> findings;
  for (const Variable& variable : facts.source.variables) {
    if (!is_handle(variable) || classify(variable) != VariableKind::plain || !variable.generator.empty() ||
        !explain_writes(variable).empty()) {
      continue;
    }
    const model::Write* opened = opened_by_library(variable, outside);
    if (opened == nullptr) continue;
    Finding finding;
    finding.severity = model::Severity::advice;
    finding.status = model::Status::possible;
    finding.subject = {variable.name, variable.linkage_name, variable.unit, ""};
    finding.module = links.primary_module(variable.unit);
    finding.where = variable.where;
    finding.message = fmt::format(
        "`{}` ({}) is one handle of a library for all interpreters, and nothing but their GILs "
        "keeps two out of it",
        variable.qualified_name, variable.type);
    finding.fix = fmt::format("open `{}` for each interpreter, or take a mutex around each use", variable.name);
    finding.because.push_back({model::EvidenceKind::source,
                               fmt::format("{}() keeps what {}() returned", opened->where.function, opened->callee),
                               opened->where});
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule gil_as_mutex_for_c_library{
    .slug = "gil-as-mutex-for-c-library",
    .group = Group::process,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
A static handle that a function of a C library returned (`sqlite3 *db = open_it()`), and that no lock guards.

## Why it matters
One GIL let one thread at a time into the library. Interpreters with GILs of their own call it with the same handle at
the same moment, and most libraries promise nothing then.

## How to fix
A handle for each interpreter in the module state, or a mutex around each use. Some libraries have a thread-safe mode that
has to be asked for.

## What it cannot see
Whether the library locks for itself. Handles that one function of the extension opens and another stores. The variable
itself is told of by `non-object-mutable-static`.
)",
    .check = check,
};

}  // namespace isoaudit::rules
