#pragma once

#include <string>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/project_files.h"
#include "analyzer/source/unit_facts.h"

namespace isoaudit::analyzer {

struct ParseOptions {
  /// Clang's own headers.
  std::string resource_dir{};
  /// Headers for commands that lead to no Python.h; may be empty.
  std::string python_include{};
};

/// Parses one unit and brings its facts. Safe to call from several threads: nothing of the process is changed, its
/// working folder least of all. What is wrong with the unit becomes a gap, and what could be seen is kept.
UnitFacts parse_unit(const CompileCommand& command, const ProjectFiles& project, const ParseOptions& options);

}  // namespace isoaudit::analyzer
