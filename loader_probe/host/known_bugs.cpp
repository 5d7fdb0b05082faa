// Bugs of CPython that a probe meets, so that the module is not blamed (rules.md 2.6).
#include "loader_probe/host/known_bugs.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace isoaudit::loader_probe {
namespace {

struct Bug {
  model::PythonVersion version;
  /// First micro version that has it repaired.
  int fixed_in;
  bool needs_import_error;
  const char* text;
};

constexpr std::array<Bug, 1> kBugs = {{
    {{3, 13}, 13, true, "CPython gh-144601: an init function that raises in a sub-interpreter crashes before 3.13.13"},
}};

struct PreloadRow {
  model::PythonVersion version;
  Preload preload;
};

// Seen on 3.12.1, 3.13.0 and 3.13.15 with nothing but the interpreter itself; 3.14 has it repaired.
constexpr std::array<PreloadRow, 3> kPreloads = {{
    {{3, 12}, {"_asyncio", "a crash of CPython 3.12 when an isolated interpreter that used it ends"}},
    {{3, 12}, {"_datetime", "a crash of CPython 3.12 when an isolated interpreter that used it ends"}},
    {{3, 13}, {"_datetime", "a crash of CPython 3.13 (gh-136421) when isolated interpreters that used it end"}},
}};

}  // namespace

std::vector<Preload> needed_preloads(const model::Interpreter& interpreter,
                                     const std::vector<std::string>& extensions) {
  std::vector<Preload> needed;
  for (const PreloadRow& row : kPreloads) {
    if (row.version != interpreter.version) continue;
    if (std::find(extensions.begin(), extensions.end(), row.preload.module) != extensions.end()) {
      needed.push_back(row.preload);
    }
  }
  return needed;
}

std::string known_bug(const model::Interpreter& interpreter, const FailureMarks& marks) {
  if (!marks.crashed) return "";
  const std::string& full = interpreter.full_version;
  const auto dot = full.rfind('.');
  const int micro = dot == std::string::npos ? 0 : static_cast<int>(std::strtol(full.c_str() + dot + 1, nullptr, 10));
  for (const Bug& bug : kBugs) {
    if (bug.version != interpreter.version || micro >= bug.fixed_in) continue;
    if (bug.needs_import_error && !marks.import_raised) continue;
    return bug.text;
  }
  return "";
}

}  // namespace isoaudit::loader_probe
