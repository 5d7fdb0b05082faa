#pragma once

#include <string>
#include <vector>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// The imported symbols that some rule may care for, sorted: CPython's API, libc functions with process-wide state
/// (rules.md D1 to D6), the C++ guard and thread-local helpers.
std::vector<std::string> api_imports(const Image& image);

}  // namespace isoaudit::analyzer
