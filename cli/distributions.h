#pragma once

#include <string>
#include <vector>

#include "analyzer/targets/distribution.h"
#include "analyzer/targets/requirements.h"
#include "model/gap.h"
#include "model/python_version.h"

namespace isoaudit::cli {

struct Distributions {
  std::vector<analyzer::Distribution> installed{};
  /// Projects that are installed in place ("pip install -e"): their folders.
  std::vector<std::string> projects{};
  std::vector<model::Gap> gaps{};
};

/// Asks an interpreter, in a child process, which of these it has installed and which compiled modules belong to them:
/// RECORD decides, where it is missing Debian's package manager, else the top-level names. What is not installed
/// becomes a gap (with the name that is nearest), unless its environment marker says that it is not needed here.
Distributions find_distributions(const std::vector<analyzer::Requirement>& wanted,
                                 const model::Interpreter& interpreter);

}  // namespace isoaudit::cli
