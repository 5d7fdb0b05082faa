#pragma once

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/scan_sources.h"
#include "model/facts.h"

namespace isoaudit::cli {

struct Collected {
  /// All but what was left packed in `sources`.
  model::Facts facts{};
  KeptSources sources{};

  model::Facts whole() &&;
};

/// The only stage that touches the outside world: interpreters, sources, compiled modules, runs → facts and gaps.
Collected collect(const Options& options, Progress& progress);

}  // namespace isoaudit::cli
