#pragma once

#include <string>
#include <vector>

#include "analyzer/source/project_files.h"
#include "model/gap.h"

namespace isoaudit::analyzer {

/// How one unit is compiled, as its build recorded it.
struct CompileCommand {
  /// Canonical path of the unit.
  std::string file{};
  /// The folder that relative paths in `arguments` start from; absolute.
  std::string directory{};
  /// The compiler first; launchers such as ccache are gone.
  std::vector<std::string> arguments{};
};

struct CompileCommands {
  /// Units below the roots, sorted by file; the first command of a file wins.
  std::vector<CompileCommand> units{};
  std::vector<model::Gap> gaps{};
  /// A compile_commands.json was read, whether or not it names a unit below the roots.
  bool found = false;
};

/// Reads compile_commands.json from `build_dirs`. Without them it is looked for in the roots' folders, in the usual
/// build folders below them, and then in each folder above until one names a unit of the project.
CompileCommands find_compile_commands(const ProjectFiles& project, const std::vector<std::string>& build_dirs);

}  // namespace isoaudit::analyzer
