#pragma once

#include <clang/Basic/SourceManager.h>

#include <string>
#include <vector>

#include "analyzer/source/project_files.h"

namespace isoaudit::analyzer {

/// The project's C and C++ sources, by their endings, that the unit `own` includes, as a report calls them; sorted.
/// Units that begin alike are themselves included by what they share: `own` is none of them.
std::vector<std::string> included_sources(const clang::SourceManager& sources, const ProjectFiles& project,
                                          const std::string& own);

}  // namespace isoaudit::analyzer
