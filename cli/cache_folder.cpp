#include "cli/cache_folder.h"

#include <cstdlib>
#include <filesystem>

namespace isoaudit::cli {
namespace {

/// Empty unless it is an absolute path: the XDG specification has others ignored.
std::string folder_in(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && value[0] == '/' ? value : "";
}

}  // namespace

std::string cache_folder(const Options& options) {
  if (options.no_cache) return {};
  if (!options.cache_dir.empty()) {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::absolute(options.cache_dir, error);
    return error ? std::string() : folder.string();
  }
  if (const std::string folder = folder_in("XDG_CACHE_HOME"); !folder.empty()) return folder + "/isoaudit/facts";
  if (const std::string home = folder_in("HOME"); !home.empty()) return home + "/.cache/isoaudit/facts";
  return {};
}

}  // namespace isoaudit::cli
