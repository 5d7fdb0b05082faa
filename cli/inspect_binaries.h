#pragma once

#include <functional>

#include "analyzer/binary/collect_binary.h"
#include "analyzer/targets/find_targets.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "model/facts.h"

namespace isoaudit::cli {

using ReadBinary = std::function<analyzer::BinaryResult(const analyzer::BinaryInput&)>;

/// Reads each compiled module that was found, in worker processes; a file that cannot be read, or that crashes `read`,
/// becomes a gap and loses nothing but itself. `find_columns`, when given, is called when all are read: it makes
/// facts.pythons complete.
void inspect_binaries(const Options& options, const analyzer::Targets& targets, model::Facts& facts, Progress& progress,
                      const ReadBinary& read = analyzer::collect_binary,
                      const std::function<void()>& find_columns = {});

}  // namespace isoaudit::cli
