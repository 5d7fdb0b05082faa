#pragma once

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/unpacked_archives.h"
#include "loader_probe/host/probe.h"
#include "loader_probe/host/server_ahead.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// What the command line says about every run.
loader_probe::ProbeOptions probe_options(const Options& options);

/// Runs each inspected module in each interpreter that would import it; the members of archives from where `unpacked`
/// has them. `ahead` may be null.
void probe_binaries(const Options& options, const UnpackedArchives& unpacked, loader_probe::ServerAhead* ahead,
                    model::Facts& facts, Progress& progress);

}  // namespace isoaudit::cli
