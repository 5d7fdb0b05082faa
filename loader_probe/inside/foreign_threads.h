#pragma once

#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

/// From now on calls of PyGILState_Ensure from the watched files are looked at: a thread that runs no interpreter and
/// gets the main one is reported (events::foreign_thread), once for each place that calls. For levels where main does
/// not have the module: there such a thread is never where it should be.
///
/// How: the linker's table of the file is made to lead to a function of ours, which calls CPython's own. Files that
/// bring such a call along later are told by another call of this function.
void watch_foreign_threads(const Watched& watched);

}  // namespace isoaudit::inside
