#pragma once

#include <string>
#include <vector>

#include "model/added_function.h"

namespace isoaudit::cli {

/// What the user knows of their code and its libraries beyond this program's own tables.
struct Config {
  /// C++ classes that own a Python object and show no PyObject * of their own, by qualified name.
  std::vector<std::string> wrapper_classes{};
  std::vector<model::AddedFunction> functions{};
};

/// Reads a TOML file (README.md, "What you know and isoaudit does not"). It can add and never take away: what it says
/// of a function that a table has replaces that row. Throws UsageError with file and line.
Config read_config(const std::string& file);

}  // namespace isoaudit::cli
