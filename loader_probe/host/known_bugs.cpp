// Bugs of CPython that a probe meets, so that the module is not blamed (rules.md 2.6).
#include "loader_probe/host/known_bugs.h"

#include <array>
#include <cstdlib>

namespace isoaudit::loader_probe {
namespace {

struct Bug {
  model::PythonVersion version;
  /// First micro version that has it repaired.
  int fixed_in;
  bool needs_import_error;
  const char* step;  ///< how the last step's name begins
  const char* text;
};

constexpr std::array<Bug, 2> kBugs = {{
    {{3, 13},
     13,
     true,
     "",
     "CPython gh-144601: an init function that raises in a sub-interpreter crashes before 3.13.13"},
    {{3, 12},
     2,
     false,
     "end of ",
     "CPython 3.12.0 and 3.12.1 abort when an isolated interpreter ends that has used _asyncio or datetime"},
}};

}  // namespace

std::string known_bug(const model::Interpreter& interpreter, const FailureMarks& marks) {
  if (!marks.crashed) return "";
  const std::string& full = interpreter.full_version;
  const auto dot = full.rfind('.');
  const int micro = dot == std::string::npos ? 0 : std::atoi(full.c_str() + dot + 1);
  for (const Bug& bug : kBugs) {
    if (bug.version != interpreter.version || micro >= bug.fixed_in) continue;
    if (bug.needs_import_error && !marks.import_raised) continue;
    if (marks.last_step.starts_with(bug.step)) return bug.text;
  }
  return "";
}

}  // namespace isoaudit::loader_probe
