#pragma once

#include <string>
#include <vector>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// The imported symbols with names of C, sorted: CPython's API, the C library, other libraries. Which of them mean
/// something is for the rules to know (rules/api_names).
std::vector<std::string> api_imports(const Image& image);

}  // namespace isoaudit::analyzer
