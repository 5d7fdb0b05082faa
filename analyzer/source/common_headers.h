#pragma once

#include <cstddef>
#include <vector>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/prefix_tree.h"

namespace isoaudit::analyzer {

/// Units of one command that most likely read Python.h alike, whatever else stands before it there, and below them
/// those that include one more large header, each in its own order. This is a guess from words: whether it holds for a
/// unit is found out where it is parsed. Units that nothing is gained for are in no group.
std::vector<UnitGroup> common_headers(const std::vector<CompileCommand>& commands,
                                      const std::vector<std::size_t>& which, const ProjectFiles& project,
                                      bool one_more);

}  // namespace isoaudit::analyzer
