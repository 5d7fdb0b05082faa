#pragma once

#include <string>
#include <vector>

#include "model/python_version.h"

namespace isoaudit::loader_probe {

/// What a failed level looked like, for comparison with CPython's own bugs.
struct FailureMarks {
  bool crashed = false;
  /// An import raised something else than the import system's refusal.
  bool import_raised = false;
};

/// The bug of CPython that such a failure matches, in words fit for a report; empty when none is known.
std::string known_bug(const model::Interpreter& interpreter, const FailureMarks& marks);

/// A module of the standard library that main has to import before any sub-interpreter does, or CPython itself crashes.
struct Preload {
  const char* module;
  const char* why;
};

/// What is needed for a module that brings these compiled modules along.
std::vector<Preload> needed_preloads(const model::Interpreter& interpreter, const std::vector<std::string>& extensions);

}  // namespace isoaudit::loader_probe
