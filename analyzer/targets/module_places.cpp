#include "analyzer/targets/module_places.h"

#include <algorithm>
#include <array>
#include <system_error>

namespace isoaudit::analyzer {

namespace fs = std::filesystem;

ModulePlace place_below(std::string_view file, const std::string& stem,
                        const std::function<bool(std::string_view folder)>& is_package) {
  const auto parent = [](std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, std::max<std::size_t>(slash, 1));
  };
  ModulePlace place{stem, ""};
  std::string_view folder = parent(file);
  while (!folder.empty() && folder != "/" && is_package(folder)) {
    const std::size_t slash = folder.rfind('/');
    place.module.insert(0, std::string(folder.substr(slash == std::string_view::npos ? 0 : slash + 1)) + ".");
    folder = parent(folder);
  }
  place.import_root = std::string(folder);
  return place;
}

bool can_be_package(std::string_view folder_name) {
  return !folder_name.empty() && folder_name.find_first_of(".-") == std::string_view::npos;
}

bool is_root_name(std::string_view folder_name) {
  return folder_name == "site-packages" || folder_name == "dist-packages" || folder_name == "lib-dynload";
}

ModulePlace ModulePlaces::place(const fs::path& absolute, const std::string& stem) {
  return place_below(absolute.generic_string(), stem,
                     [this](std::string_view folder) { return is_package(fs::path(folder)); });
}

bool ModulePlaces::is_root(const fs::path& folder) {
  if (is_root_name(folder.filename().string())) return true;
  const auto [known, fresh] = roots_.try_emplace(folder.string(), false);
  if (!fresh) return known->second;
  std::error_code error;
  fs::directory_iterator next(folder, error), end;
  for (; !error && next != end; next.increment(error)) {
    std::error_code ignored;
    if (next->path().extension() == ".dist-info" && next->is_directory(ignored)) return known->second = true;
  }
  return false;
}

bool ModulePlaces::is_package(const fs::path& folder) {
  const auto [known, fresh] = packages_.try_emplace(folder.string(), false);
  if (!fresh) return known->second;
  if (is_root(folder)) return false;
  std::error_code error;
  constexpr std::array<const char*, 3> inits{"__init__.py", "__init__.pyc", "__init__.pyi"};
  const auto there = [&](const char* init) { return fs::exists(folder / init, error); };
  if (std::ranges::any_of(inits, there)) return known->second = true;
  if (!can_be_package(folder.filename().string())) return false;
  for (fs::path above = folder.parent_path(); above.has_relative_path(); above = above.parent_path()) {
    if (is_root(above)) return known->second = true;
  }
  return false;
}

}  // namespace isoaudit::analyzer
