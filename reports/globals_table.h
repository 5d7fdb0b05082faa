#pragma once

#include <string>

#include "model/report.h"

namespace isoaudit::reports {

/// For people: the variables that a module's machine code writes. How many of each kind and the first of them; all of
/// them, with every writer, when `verbose`. Empty when its code was not asked for.
std::string globals_table(const model::ModuleReport& module, bool verbose);

}  // namespace isoaudit::reports
