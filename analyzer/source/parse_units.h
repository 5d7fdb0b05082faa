#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/parse_unit.h"

namespace isoaudit::analyzer {

/// Facts of all units, one for each command, parsed in processes of their own, at most `jobs` at once. One that is lost
/// becomes a gap and takes no other with it. The calling process must have no other threads. `progress` hears how many
/// are done.
std::vector<UnitFacts> parse_units(const std::vector<CompileCommand>& commands, const ProjectFiles& project,
                                   const ParseOptions& options, unsigned jobs,
                                   const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace isoaudit::analyzer
