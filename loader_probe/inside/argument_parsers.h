#pragma once

#include <cstddef>
#include <cstdint>

#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

/// Bytes of a _PyArg_Parser, and where in it the tuple of keywords is held. Include/cpython/modsupport.h, the same on
/// 64-bit machines in 3.12, 3.13, 3.14 and 3.15, although the members before the numbers have changed places.
inline constexpr std::size_t kArgumentParserSize = 72;
inline constexpr std::size_t kKeywordsInArgumentParser = 56;

/// Is the tuple that is held there an argument parser's own? CPython fills those (Argument Clinic's static parsers) at
/// the first call, once, with a tuple of the main interpreter, and takes care of them itself (Python/getargs.c).
bool is_in_argument_parser(const Region& region, std::size_t offset, const std::vector<ImageRange>& images);

}  // namespace isoaudit::inside
