#pragma once

#include <string>

#include "model/python_version.h"

namespace isoaudit::loader_probe {

/// What a failed level looked like, for comparison with CPython's own bugs.
struct FailureMarks {
  bool crashed = false;
  /// An import raised something else than the import system's refusal.
  bool import_raised = false;
  std::string last_step{};
};

/// The bug of CPython that such a failure matches, in words fit for a report; empty when none is known.
std::string known_bug(const model::Interpreter& interpreter, const FailureMarks& marks);

}  // namespace isoaudit::loader_probe
