#pragma once

#include <string>

#include "cli/options.h"

namespace isoaudit::cli {

/// Where facts of sources are kept from run to run: --cache-dir, else the user's folder for such things
/// ($XDG_CACHE_HOME, ~/.cache). Empty: nowhere, for --no-cache or for want of such a folder.
std::string cache_folder(const Options& options);

}  // namespace isoaudit::cli
