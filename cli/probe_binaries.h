#pragma once

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/unpacked_archives.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// Runs each inspected module in each interpreter that would import it; the members of archives from where `unpacked`
/// has them.
void probe_binaries(const Options& options, const UnpackedArchives& unpacked, model::Facts& facts, Progress& progress);

}  // namespace isoaudit::cli
