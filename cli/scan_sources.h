#pragma once

#include <string>

#include "analyzer/targets/find_targets.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/unpacked_archives.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// Reads the sources that were found; those of archives are unpacked for that, each archive a project of its own.
/// `python_include` is the folder of Python.h for commands that name none; it may be empty.
void scan_sources(const Options& options, const analyzer::Targets& targets, const std::string& python_include,
                  UnpackedArchives& unpacked, model::Facts& facts, Progress& progress);

}  // namespace isoaudit::cli
