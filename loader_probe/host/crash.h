#pragma once

#include <string>
#include <vector>

#include "loader_probe/host/event_log.h"

namespace isoaudit::loader_probe {

/// What a child told when a signal was about to end it.
struct Crash {
  /// Innermost first: "`set_up` (spam.c:12)", "`abort` (libc.so.6)"; the first line says at which address, where there
  /// is one.
  std::vector<std::string> stack{};
  /// The innermost function of the audited file, when it is on the stack and has a name.
  std::string in_module{};
};

/// Empty when the child told nothing of the kind. `executable` is the interpreter.
Crash read_crash(const EventLog& log, const std::string& module_path, const std::string& executable);

}  // namespace isoaudit::loader_probe
