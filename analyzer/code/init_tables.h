#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "analyzer/code/module_code.h"

namespace isoaudit::analyzer {

/// Windows' C runtime goes through tables of initialisers when the loader calls it; they lie in a section of constants,
/// without a name. Its calls of _initterm tell where: begin and end of each. Empty for other formats.
std::vector<std::pair<std::uint64_t, std::uint64_t>> find_init_tables(ModuleCode& code);

}  // namespace isoaudit::analyzer
