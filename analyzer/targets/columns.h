#pragma once

#include <vector>

#include "analyzer/targets/find_targets.h"
#include "model/python_version.h"

namespace isoaudit::analyzer {

/// Where nobody named a Python and nothing is run: the versions that the modules' own names speak of, each an
/// Interpreter without executable, oldest first. A version's own tag (or its folder, lib/python3.14) speaks for that
/// version; a stable-ABI module for every known version from its wheel's on; a plain name for all, unless other modules
/// are more exact.
std::vector<model::Interpreter> columns_of(const std::vector<BinaryTarget>& binaries);

}  // namespace isoaudit::analyzer
