#pragma once

#include <cstdint>
#include <string>

#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

/// Which instruction writes to the watched memory: its pages are closed to writing, and the fault of each write is
/// noted before the page is opened for that one instruction. Where a processor cannot step over one instruction
/// (AArch64 without a debugger), a page stays open after its first write of a step.
///
/// One per process, for the thread that starts it: a write by another thread is noted and leaves the page open for the
/// rest of the step. A system call that is to fill a closed page fails with EFAULT, so what the module does under
/// tracking is evidence of writes and of nothing else. Thread-local memory shares its pages with others: not tracked.
namespace write_tracking {

/// Sets the signal handlers and tries them. Why it is not possible here; empty when it is.
std::string start();

/// Closes the pages of all regions. From here on writes are noted.
void begin_step(const Watched& watched);

/// Opens the pages and reports what was noted, as `written`.
void end_step(const Watched& watched, const char* step, std::int64_t interpreter);

}  // namespace write_tracking
}  // namespace isoaudit::inside
