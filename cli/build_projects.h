#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/unpacked_archives.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// What became of a folder or source archive that the user named, under --build.
struct BuiltProject {
  /// In the user's words.
  std::string named{};
  /// The copy that was built; what the build made lies there too. It is there even when the build failed.
  std::string folder{};
  /// Where compile commands were recorded; empty when none were.
  std::vector<std::string> build_dirs{};
};

struct BuiltProjects {
  std::vector<BuiltProject> projects{};
  /// Paths of the wheels that were built.
  std::vector<std::string> wheels{};
};

/// Runs each project's own build (PEP 517, through pip, isolated as pip does it) in a copy, with its compile commands
/// recorded: by CMake or Meson themselves, else by bear. Each Python of `facts` gets a wheel when `wheels_for_all`,
/// else the first alone. This executes foreign code: only where --build asks for it. A build that fails or takes too
/// long is a gap with its last lines; what was run is a note.
BuiltProjects build_projects(const Options& options, const std::vector<std::string>& paths, bool wheels_for_all,
                             UnpackedArchives& unpacked, model::Facts& facts, Progress& progress);

}  // namespace isoaudit::cli
