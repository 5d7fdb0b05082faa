#pragma once

#include "analyzer/targets/find_targets.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// Reads each compiled module that was found; a file that cannot be read becomes a gap and loses nothing but itself.
void inspect_binaries(const Options& options, const analyzer::Targets& targets, model::Facts& facts,
                      Progress& progress);

}  // namespace isoaudit::cli
