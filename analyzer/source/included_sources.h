#pragma once

#include <clang/Basic/SourceManager.h>

#include <string>
#include <vector>

#include "analyzer/source/project_files.h"

namespace isoaudit::analyzer {

/// The project's C and C++ sources, by their endings, that the unit includes, as a report calls them; sorted.
std::vector<std::string> included_sources(const clang::SourceManager& sources, const ProjectFiles& project);

}  // namespace isoaudit::analyzer
