#pragma once

#include "loader_probe/inside/interpreter.h"

namespace isoaudit::inside {

/// Runs the level that the configuration names; main's thread state is current before and after.
void run_level(const Config& config);

/// N interpreters at once, each in a thread of its own; main's thread state is not current.
void run_concurrent(const Config& config, Kind kind, Interpreter& main);

/// Isolated interpreters one after the other, and what each leaves behind in the process; main's thread state is not
/// current.
void run_sequential(const Config& config, Interpreter& main);

/// Main imports the module, then an isolated interpreter does; main's thread state is not current.
void run_warm(const Config& config, Interpreter& main);

/// Two isolated interpreters, both alive, and nothing is looked at: for allocators and builds that look by themselves.
void run_unwatched_pair(const Config& config);

/// Two interpreters in turn, with each write to the module's memory reported by the instruction that made it; main's
/// thread state is not current. What else happens there is no verdict: write_tracking.h.
void run_tracked(const Config& config, Kind kind);

}  // namespace isoaudit::inside
