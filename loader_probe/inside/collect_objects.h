#pragma once

#include <vector>

#include "loader_probe/inside/interpreter.h"
#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

/// Who owns what the module's own memory holds: in each live interpreter the addresses of all objects are collected,
/// then the watched regions are read word by word. Reports each word that is the address of an object, and each object
/// that lies inside a region. No thread may run Python code meanwhile, and none may be current in this one.
void scan_ownership(const std::vector<const Interpreter*>& live, Watched& watched);

}  // namespace isoaudit::inside
