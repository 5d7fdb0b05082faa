#include "analyzer/source/collect_source.h"

#include <algorithm>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/link_units.h"
#include "analyzer/source/parse_units.h"
#include "analyzer/source/project_files.h"
#include "analyzer/source/resource_dir.h"

namespace isoaudit::analyzer {

SourceResult collect_source(const SourceOptions& options) {
  SourceResult result;
  const ProjectFiles project(options.roots);
  CompileCommands commands = find_compile_commands(project, options.build_dirs);
  result.gaps = std::move(commands.gaps);
  result.no_commands = commands.units.empty();
  if (commands.units.empty()) {
    if (commands.found) {
      for (const std::string& root : options.roots) {
        result.gaps.push_back({root, "no compile command names a unit below it"});
      }
    }
    std::ranges::sort(result.gaps);
    return result;
  }
  ParseOptions parsing{find_resource_dir(), options.python_include};
  if (parsing.resource_dir.empty()) {
    result.gaps.push_back(
        {"Clang's own headers", "not found, so no unit was read; looked in " + resource_dir_places()});
    return result;
  }
  result.facts = link_units(parse_units(commands.units, project, parsing, options.jobs, options.progress), result.gaps);
  return result;
}

}  // namespace isoaudit::analyzer
