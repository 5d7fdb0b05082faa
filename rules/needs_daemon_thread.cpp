#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::Finding;

struct ThreadWord {
  std::string_view text;
  std::string_view harm;
};
// Lib/threading.py, Modules/_threadmodule.c, Doc/c-api/subinterpreters.rst (allow_daemon_threads).
constexpr auto words = std::to_array<ThreadWord>({
    {"daemon", "makes a daemon thread, which interpreters with their own GIL refuse to start"},
    {"setDaemon", "makes a daemon thread, which interpreters with their own GIL refuse to start"},
    {"start_new_thread", "starts a thread that nobody joins, which outlives its interpreter or keeps it waiting"},
});

std::vector<Finding> check(const model::Facts& facts) {
  const UnitLinks links(facts);
  std::vector<Finding> findings;
  for (const model::ApiUse& use : facts.source.api_uses) {
    for (const ThreadWord& word : words) {
      if (std::ranges::find(use.literals, word.text) == use.literals.end()) continue;
      Finding finding;
      finding.severity = model::Severity::advice;
      finding.status = model::Status::possible;
      finding.subject = {std::string(word.text), "", use.unit, ""};
      finding.module = links.primary_module(use.unit);
      finding.where = use.where;
      finding.message = fmt::format("`{}` with \"{}\" {}", use.name, word.text, word.harm);
      finding.fix = "start a thread that is joined before its interpreter ends";
      finding.because.push_back(
          {model::EvidenceKind::source, fmt::format("{}() gets \"{}\"", use.name, word.text), use.where});
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace

extern constinit const Rule needs_daemon_thread{
    .slug = "needs-daemon-thread",
    .group = Group::process,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
C code that starts daemon threads through Python: `daemon` or `setDaemon` set on a thread, `_thread.start_new_thread` called
by its name.

## Why it matters
Interpreters with their own GIL allow threads and no daemon threads: `Thread.start` raises RuntimeError there.

## How to fix
Start a thread that is joined before the interpreter ends, from `atexit` or where the module is freed.

## What it cannot see
Python code, and texts that are put together at run time. Threads of the system are told of by `threads-must-end`.
)",
    .check = check,
};

}  // namespace isoaudit::rules
