#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/project_files.h"
#include "analyzer/source/project_settings.h"
#include "model/gap.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

struct GuessedCommands {
  /// Sorted by file.
  std::vector<CompileCommand> units{};
  /// That it is a guess, and what could not be guessed: units that are named and not there, C that a build would make.
  std::vector<model::Gap> gaps{};
  /// What a reader should know and that leaves nothing open.
  std::vector<model::Gap> notes{};
  /// Where the build files are not the whole story: for each root the sources that a unit seems to include, as a report
  /// calls them; whether it does, an #if decides.
  std::vector<std::pair<std::string, std::vector<std::string>>> included{};
};

/// Commands for a project that has none. Its units are the sources that `settings` names; where these are not the whole
/// story, also every source that reaches Python.h through its includes, and those that share headers with such a one or
/// that a build file names: but no tests, examples and documentation, no programs, and nothing that another source
/// includes; of BroughtLibraries what is built of them, and of all that knows no Python no more than is read in a short
/// while. What is left when nothing reaches Python.h is every such source. A file that the user named is a unit
/// whatever it holds.
/// Include folders are those of `settings`, then those of the tree that lead to what is included: the nearest one.
/// `python_include` is not searched for, what it holds is taken for Python's own.
GuessedCommands guess_commands(const ProjectFiles& project, const std::vector<std::string>& roots,
                               const std::vector<ProjectSettings>& settings, const std::string& python_include);

/// Of `guessed.included`, what none of the parsed units included.
std::vector<model::Gap> left_out(const GuessedCommands& guessed, const std::vector<model::Unit>& units);

}  // namespace isoaudit::analyzer
