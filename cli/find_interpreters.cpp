#include "cli/find_interpreters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "loader_probe/host/interpreters.h"
#include "model/python_version.h"

namespace isoaudit::cli {
namespace {

using loader_probe::InterpreterResult;
using model::Facts;
using model::Interpreter;

struct Found {
  /// As the user wrote it.
  std::string wanted{};
  Interpreter interpreter{};
};

std::string venv_python(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path path(folder);
  if (!std::filesystem::is_regular_file(path / "pyvenv.cfg", error)) return "";
  return (path / "bin" / "python").lexically_normal().generic_string();
}

bool is_version(const std::string& wanted) { return wanted.find('/') == std::string::npos && wanted.starts_with("3."); }

/// "3.14" for two interpreters would make one column of two: the one that was named by its path says so in its id.
void make_ids_distinct(std::vector<Found>& found) {
  std::map<std::string, std::size_t> times;
  for (const Found& one : found) ++times[one.interpreter.id];
  for (Found& one : found) {
    if (times[one.interpreter.id] > 1 && !is_version(one.wanted))
      one.interpreter.id += fmt::format(" ({})", one.wanted);
  }
}

}  // namespace

bool runs_modules(const Options& options) {
  return options.command == Command::probe || (options.command == Command::audit && options.run_probe);
}

bool find_interpreters(const Options& options, const std::vector<std::string>& paths, bool needed,
                       loader_probe::ServerAhead* ahead, Facts& facts) {
  std::vector<Found> found;
  const auto add = [&](const std::string& wanted, const InterpreterResult& result) {
    if (!result.interpreter) {
      facts.gaps.push_back({wanted.empty() ? "--python" : "--python " + wanted, result.error});
      return;
    }
    const auto same = [&](const Found& one) {
      return one.wanted == wanted || one.interpreter.executable == result.interpreter->executable;
    };
    if (std::ranges::none_of(found, same)) found.push_back({wanted, *result.interpreter});
  };
  for (const std::string& wanted : options.pythons) add(wanted, loader_probe::find_interpreter(wanted, ahead));
  if (options.pythons.empty() && needed) {
    for (const std::string& path : paths) {
      if (const std::string python = venv_python(path); !python.empty()) {
        add(python, loader_probe::find_interpreter(python));
      }
    }
    const char* active = std::getenv("VIRTUAL_ENV");
    if (found.empty() && active != nullptr) {
      const std::string python = venv_python(active);
      const InterpreterResult result = python.empty() ? InterpreterResult{} : loader_probe::find_interpreter(python);
      if (result.interpreter) add(python, result);
    }
  }
  const bool nobody_chose = options.pythons.empty() && found.empty();
  if (nobody_chose) {
    const InterpreterResult result = loader_probe::find_default_interpreter();
    // Reading alone does not need one.
    if (result.interpreter || needed) add("", result);
  }
  make_ids_distinct(found);
  for (Found& one : found) facts.pythons.push_back(std::move(one.interpreter));
  return nobody_chose;
}

void prefer_what_fits(const std::vector<Interpreter>& columns, Facts& facts) {
  if (facts.pythons.size() != 1) return;
  Interpreter& python = facts.pythons.front();
  const auto is_like_it = [&](const Interpreter& column) {
    return column.version == python.version && column.free_threaded == python.free_threaded;
  };
  if (std::ranges::any_of(columns, is_like_it)) return;
  for (auto column = columns.rbegin(); column != columns.rend(); ++column) {
    if (column->free_threaded) continue;  // it has no GIL of its own to give
    InterpreterResult result = loader_probe::find_interpreter(column->id);
    if (!result.interpreter) continue;
    python = std::move(*result.interpreter);
    return;
  }
}

}  // namespace isoaudit::cli
