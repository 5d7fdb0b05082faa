#include "analyzer/source/included_sources.h"

#include <algorithm>

#include "analyzer/source/source_tree.h"

namespace isoaudit::analyzer {

std::vector<std::string> included_sources(const clang::SourceManager& sources, const ProjectFiles& project,
                                          const std::string& own) {
  std::vector<std::string> included;
  for (auto file = sources.fileinfo_begin(); file != sources.fileinfo_end(); ++file) {
    const std::string name = file->first.getName().str();
    if (!has_source_ending(name)) continue;
    const std::string path = project.canonical(name);
    if (project.contains(path) && project.display(path) != own) included.push_back(project.display(path));
  }
  std::ranges::sort(included);
  included.erase(std::unique(included.begin(), included.end()), included.end());
  return included;
}

}  // namespace isoaudit::analyzer
