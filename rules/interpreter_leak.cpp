#include <fmt/format.h>

#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::Leak;

/// "type 'demo.Thing'", "at least 12 blocks of memory".
std::string text_of(const Leak& leak) {
  const auto counted = [&](const char* one, const char* many) {
    return fmt::format("at least {} {}", leak.each, leak.each == 1 ? one : many);
  };
  switch (leak.kind) {
    case Leak::Kind::type: return fmt::format("type '{}'", leak.name);
    case Leak::Kind::blocks: return counted("block of memory", "blocks of memory");
    case Leak::Kind::threads: return counted("running thread", "running threads");
    case Leak::Kind::descriptors: return counted("open file descriptor", "open file descriptors");
    case Leak::Kind::mappings: return counted("memory mapping", "memory mappings");
  }
  return "";
}

std::vector<model::Finding> check(const model::Facts& facts) {
  std::vector<model::Finding> findings;
  for (const model::RunFacts& run : facts.runs) {
    for (const model::Phase& phase : run.phases) {
      if (phase.leaks.empty()) continue;
      model::Finding finding;
      finding.severity = model::Severity::advice;
      finding.status = model::Status::confirmed;
      finding.subject = {"what its interpreters leave behind", "", "", ""};
      finding.module = run.module;
      finding.where.file = run.path;
      finding.pythons = {run.python};
      finding.message = fmt::format("each interpreter that uses `{}` leaves something behind when it ends", run.module);
      finding.fix =
          "free in m_free and m_clear what exec made, drop references to types and objects, end threads and close "
          "files";
      for (const Leak& leak : phase.leaks) {
        finding.because.push_back({model::EvidenceKind::runtime,
                                   fmt::format("Python {} ({}): {} left by each of {} interpreters in turn", run.python,
                                               to_string(phase.level), text_of(leak), leak.rounds),
                                   {}});
      }
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace

extern constinit const Rule interpreter_leak{
    .slug = "interpreter-leak",
    .group = Group::objects,
    .severity = model::Severity::advice,
    .doc = R"(## What it finds
What is still in the process when an isolated interpreter that used the module has ended: heap types of the module, blocks
of Python's allocator (from 3.14: before, the interpreter itself leaves thousands), threads, open file descriptors, memory
mappings. Interpreters are made and ended in turn; it counts when every one after the first leaves it.

## Why it matters
A program that makes interpreters as it makes threads grows with each. An interpreter's own allocator gives back no
memory at all as long as one block of it is left.

## How to fix
Undo in `m_free` and `m_clear` what the exec function did, and give heap types `Py_TPFLAGS_HAVE_GC` with a traverse
function that visits the type. One `Py_INCREF` too many on a type or exception is the common cause; a global variable that
keeps a reference is the other, and has a finding of its own.

## What it cannot see
What the C heap leaks (`malloc`), and what only other uses of the module than those that were run leave. What a module
that it imports leaves is counted as well, except types.
)",
    .check = check,
};

}  // namespace isoaudit::rules
