#pragma once

#include <string>
#include <vector>

#include "model/python_version.h"

namespace isoaudit::cli {

/// How pip is called for an interpreter.
struct Pip {
  /// The program and its first arguments; empty when there is none.
  std::vector<std::string> command{};
  /// The same as a reader would type it: "python3.14 -m pip".
  std::string shown{};
};

/// The interpreter's own pip, else one of another Python on PATH that works for this one (`pip --python`).
Pip find_pip(const model::Interpreter& python);

/// The first executable of that name on PATH; empty when there is none.
std::string find_program(const std::string& name);

/// All of this process's environment, as "NAME=value"; what `more` sets wins.
std::vector<std::string> environment_with(const std::vector<std::string>& more);

}  // namespace isoaudit::cli
