#pragma once

#include <string>
#include <vector>

namespace isoaudit::analyzer {

/// One extension module as a build file spells it. Paths are absolute.
struct ExtensionSettings {
  std::vector<std::string> sources{};
  std::vector<std::string> include_dirs{};
  /// -D, -U, -std and whatever else the compiler shall get.
  std::vector<std::string> flags{};
};

/// What can be read of a project's build without running it: literals of setup.py, pyproject.toml, meson.build and
/// their like. Used only where no compile commands are recorded.
struct ProjectSettings {
  /// The folder that relative names of its build files start from; absolute.
  std::string folder{};
  std::vector<ExtensionSettings> extensions{};
  /// For units of no extension: "-std=c++20" where the build files say so.
  std::vector<std::string> c_flags{};
  std::vector<std::string> cxx_flags{};
  /// The build files that spoke: "setup.py".
  std::vector<std::string> read{};
  /// Every extension is spelt out in literals, and nothing was seen that changes how it is compiled.
  bool is_whole = false;
};

}  // namespace isoaudit::analyzer
