#pragma once

#include <vector>

#include "loader_probe/inside/interpreter.h"
#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

enum class Looks {
  at_globals,
  /// And one step behind them, into tables in the C heap; and at objects that several interpreters have, wherever they
  /// are. For when all interpreters have used the module: before, one may simply have nothing there yet.
  also_behind_globals,
};

/// Who owns what the module's own memory holds: in each live interpreter the addresses of all objects are collected,
/// then the watched regions are read word by word. Reports each word that is the address of an object, and each object
/// that lies inside a region. No thread may run Python code meanwhile, and none may be current in this one.
void scan_ownership(const std::vector<const Interpreter*>& live, Watched& watched, Looks looks = Looks::at_globals);

}  // namespace isoaudit::inside
