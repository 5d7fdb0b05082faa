#pragma once

#include <string>

namespace isoaudit::analyzer {

/// The folder that holds Clang 19's own headers (stddef.h, immintrin.h), found at run time; empty when this machine has
/// none.
std::string find_resource_dir();

/// Where it was looked for, for the gap's text.
std::string resource_dir_places();

}  // namespace isoaudit::analyzer
