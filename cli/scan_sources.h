#pragma once

#include <vector>

#include "analyzer/source/collect_source.h"
#include "analyzer/targets/find_targets.h"
#include "cli/build_projects.h"
#include "cli/header_sets.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/unpacked_archives.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// The sources' facts in the cache, when one entry there holds all that was read.
struct KeptSources {
  /// A hash of them; empty when there is no such entry.
  std::string name{};
  /// Not empty: they were left there, and model::Facts lacks them.
  analyzer::PackedFacts packed{};
};

/// Reads the sources that were found; those of archives are unpacked for that, each archive a project of its own.
/// They are read once with each set of headers, of which each Python is one of `pythons`. What was built is read as it
/// was compiled, under the names of the user's own tree.
KeptSources scan_sources(const Options& options, const analyzer::Targets& targets,
                         const std::vector<HeaderSet>& headers, const std::vector<model::Interpreter>& pythons,
                         const BuiltProjects& built, UnpackedArchives& unpacked, model::Facts& facts,
                         Progress& progress);

}  // namespace isoaudit::cli
