#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace isoaudit::analyzer {

/// The paths in a list as `find -print0` or `ls` write it: separated by NUL when it holds one, else by newlines. Empty
/// entries are left out, order and repetition are kept.
std::vector<std::string> split_path_list(std::string_view list);

}  // namespace isoaudit::analyzer
