#pragma once

#include "cli/options.h"
#include "cli/progress.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// The only stage that touches the outside world: interpreters, sources, compiled modules, runs → facts and gaps.
model::Facts collect(const Options& options, Progress& progress);

}  // namespace isoaudit::cli
