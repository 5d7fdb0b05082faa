#pragma once

#include <cstddef>
#include <vector>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/prefix_tree.h"
#include "analyzer/source/project_files.h"

namespace isoaudit::analyzer {

/// Units in C for which Python.h is the same, whatever else their commands and their first lines say: one group for
/// each way to find it. Takes them out of `units`.
std::vector<UnitGroup> ahead_groups(const std::vector<CompileCommand>& commands, std::vector<std::size_t>& units,
                                    const ProjectFiles& project);

}  // namespace isoaudit::analyzer
