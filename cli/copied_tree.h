#pragma once

#include <string>

namespace isoaudit::cli {

/// Copies a source tree, with its times and links, into `to`, which exists. What earlier builds and tools left in it
/// (virtual environments, caches, build folders) stays behind: a build must compile everything. What went wrong, or
/// nothing.
std::string copy_source_tree(const std::string& from, const std::string& to);

}  // namespace isoaudit::cli
