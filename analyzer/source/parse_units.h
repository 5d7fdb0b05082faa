#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/facts_cache.h"
#include "analyzer/source/parse_unit.h"

namespace isoaudit::analyzer {

struct ParsedUnits {
  /// One for each command.
  std::vector<UnitFacts> facts{};
  /// How many came from the cache.
  std::size_t cached = 0;
  /// Why something could not be kept there; empty when all went well.
  std::string cache_trouble{};
};

/// Facts of all units: from the cache where they hold, the others parsed in processes of their own, at most `jobs` at
/// once. One that is lost becomes a gap and takes no other with it. The calling process must have no other threads.
/// `progress` hears how many of all are done.
ParsedUnits parse_units(const std::vector<CompileCommand>& commands, const ProjectFiles& project,
                        const ParseOptions& options, FactsCache& cache, unsigned jobs,
                        const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace isoaudit::analyzer
