#pragma once

#include <string>

namespace isoaudit::analyzer {

/// What the linker computed from this program's bytes: another for every change of code or tables. Empty when it was
/// linked without one.
std::string build_id();

}  // namespace isoaudit::analyzer
