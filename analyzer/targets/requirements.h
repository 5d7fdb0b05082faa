#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/gap.h"

namespace isoaudit::analyzer {

/// A distribution that is asked for by its name.
struct Requirement {
  std::string name{};
  /// Environment marker (PEP 508) as written: 'sys_platform == "win32"'; usually empty.
  std::string marker{};
  /// "requirements.txt:3"; empty for a name from the command line.
  std::string where{};

  auto operator<=>(const Requirement&) const = default;
};

struct Requirements {
  std::vector<Requirement> names{};
  /// Local files and folders: "./wheels/x.whl", "-e ../project"; relative ones start at the file that names them.
  std::vector<std::string> paths{};
  std::vector<model::Gap> gaps{};
};

/// Reads a requirements file as pip does, with the files that it includes, each once. Versions, hashes, constraints and
/// index options do not matter: what is installed is what gets audited. Nothing is downloaded: a URL is a gap.
Requirements read_requirements(const std::string& file);

/// Is this the name of a distribution (PEP 508), as far as one can see?
bool is_distribution_name(std::string_view text);

}  // namespace isoaudit::analyzer
