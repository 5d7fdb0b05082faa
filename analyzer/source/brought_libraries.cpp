#include "analyzer/source/brought_libraries.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

std::vector<std::string> libraries_of(const SourceTree& tree, const std::set<std::string>& extension_code) {
  std::vector<std::string> folders;
  // Sorted by path: what holds a folder comes before it.
  for (const std::string& folder : tree.brought) {
    const bool is_own = std::ranges::any_of(extension_code, [&](const auto& file) { return is_below(file, folder); });
    const bool is_inner = std::ranges::any_of(folders, [&](const auto& outer) { return is_below(folder, outer); });
    if (!is_own && !is_inner) folders.push_back(folder);
  }
  return folders;
}

}  // namespace

BroughtLibraries::BroughtLibraries(const SourceTree& tree, const std::set<std::string>& extension_code)
    : tree_(tree), folders_(libraries_of(tree, extension_code)), lists_(tree.build_files) {}

std::string BroughtLibraries::around(const std::string& source) const {
  const auto found =
      std::ranges::find_if(folders_, [&](const std::string& folder) { return is_below(source, folder); });
  return found == folders_.end() ? std::string() : *found;
}

bool BroughtLibraries::is_built(const std::string& source) {
  const std::string library = around(source);
  return library.empty() || built_of(library).contains(source);
}

bool BroughtLibraries::is_named_by_project(const std::string& source) const {
  return lists_.name_from_outside_all(folders_, source);
}

const std::set<std::string>& BroughtLibraries::built_of(const std::string& library) {
  const auto [known, is_new] = built_.try_emplace(library);
  std::set<std::string>& built = known->second;
  if (!is_new) return built;
  const auto take = [&](const auto& wanted) {
    for (const TreeFile& source : tree_.sources) {
      if (is_below(source.path, library) && wanted(source.path)) built.insert(source.path);
    }
  };
  take([&](const std::string& source) { return lists_.name_from_outside(library, source); });
  if (!built.empty() || !lists_.enter(library)) return built;
  take([&](const std::string& source) { return lists_.name_below(library, source); });
  if (built.empty()) take([](const std::string&) { return true; });
  return built;
}

}  // namespace isoaudit::analyzer
