#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/python_version.h"

namespace isoaudit::loader_probe {

class ServerAhead;

/// Python code that prints what find_interpreter wants to know. Run under another name than __main__ it imports nothing
/// that an interpreter has not loaded by itself, and may say less.
extern const char kQuestion[];

struct InterpreterResult {
  std::optional<model::Interpreter> interpreter{};
  /// Why there is none, naming the input: "3.12: no such interpreter on this machine".
  std::string error{};
};

/// `wanted` is a version ("3.14", "3.14d" for a debug build) or the path of an executable. Versions are looked for on
/// PATH, in ~/.pyenv/versions, /usr/local/bin, /usr/bin and isoaudit's own cache
/// (${ISOAUDIT_CACHE:-~/.cache/isoaudit}/cpython/3.14/bin/python3.14), in that order; the first that runs and answers
/// with that version is taken. Below 3.12 is an error: no interpreter there has a GIL of its own. One that runs already
/// is not started again to be asked.
InterpreterResult find_interpreter(const std::string& wanted, ServerAhead* ahead = nullptr);

/// The executable that find_interpreter asks first, without asking it; empty: none.
std::string first_candidate(const std::string& wanted);

/// The newest release interpreter from 3.12 on, for a command without --python.
InterpreterResult find_default_interpreter();

}  // namespace isoaudit::loader_probe
