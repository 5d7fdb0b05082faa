#pragma once

#include "cli/options.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// The interpreters that --python names, else the newest on the machine where something is to run; the ones that cannot
/// be had become gaps.
void find_interpreters(const Options& options, model::Facts& facts);

}  // namespace isoaudit::cli
