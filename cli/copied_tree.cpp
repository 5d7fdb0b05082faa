#include "cli/copied_tree.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace isoaudit::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view left_behind[] = {"__pycache__", "node_modules",  ".tox",        ".nox",
                                            ".venv",       ".mypy_cache",   ".ruff_cache", ".hypothesis",
                                            ".eggs",       ".pytest_cache", "_skbuild"};

/// CMake's, Meson's or setuptools'.
bool is_build_output(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "CMakeCache.txt", error) || fs::exists(folder / "meson-info", error)) return true;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    if (!it->is_directory(ignored)) continue;
    if (name.starts_with("lib.") || name.starts_with("temp.") || name.starts_with("bdist.")) return true;
    if (fs::exists(it->path() / "CMakeCache.txt", ignored) || fs::exists(it->path() / "meson-info", ignored))
      return true;
  }
  return false;
}

bool stays_behind(const fs::path& folder) {
  std::error_code error;
  return std::ranges::find(left_behind, folder.filename().string()) != std::end(left_behind) ||
         fs::exists(folder / "pyvenv.cfg", error);
}

bool copy_folder(const fs::path& from, const fs::path& to, bool is_top, std::error_code& error) {
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    const fs::path& path = it->path();
    const fs::path target = to / path.filename();
    if (it->is_symlink(error)) {
      fs::copy_symlink(path, target, error);
    } else if (it->is_directory(error)) {
      if (stays_behind(path) || (is_top && is_build_output(path))) continue;
      if (!fs::create_directory(target, error) && error) return false;
      if (!copy_folder(path, target, false, error)) return false;
    } else if (it->is_regular_file(error)) {
      fs::copy_file(path, target, error);
      if (!error) fs::last_write_time(target, it->last_write_time(error), error);
    }
    if (error) return false;
  }
  return !error;
}

}  // namespace

std::string copy_source_tree(const std::string& from, const std::string& to) {
  std::error_code error;
  copy_folder(from, to, true, error);
  return error ? error.message() : "";
}

}  // namespace isoaudit::cli
