#pragma once

#include "cli/options.h"
#include "cli/progress.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// Runs each inspected module in each interpreter that would import it.
void probe_binaries(const Options& options, model::Facts& facts, Progress& progress);

}  // namespace isoaudit::cli
