#pragma once

#include <string>

namespace isoaudit::cli {

/// The documentation of one rule, or the list of all when `slug` is empty.
std::string explain(const std::string& slug);

}  // namespace isoaudit::cli
