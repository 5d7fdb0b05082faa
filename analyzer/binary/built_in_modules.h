#pragma once

#include <string_view>

namespace isoaudit::analyzer {

/// CPython builds of some version have a module of that name built into the interpreter itself. On ELF systems the
/// interpreter then exports its hook, and a file that calls a hook of its own by that name gets the interpreter's.
bool may_be_built_in(std::string_view module);

}  // namespace isoaudit::analyzer
