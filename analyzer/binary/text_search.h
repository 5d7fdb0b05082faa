#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace isoaudit::analyzer {

/// Where each needle first occurs in `text`; npos where it does not. One pass over the text, however many needles there
/// are. No needle is shorter than four characters.
std::vector<std::size_t> first_occurrences(std::string_view text, std::span<const std::string_view> needles);

}  // namespace isoaudit::analyzer
