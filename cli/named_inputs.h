#pragma once

#include <istream>
#include <string>
#include <vector>

#include "analyzer/targets/requirements.h"
#include "cli/options.h"
#include "model/gap.h"

namespace isoaudit::cli {

/// What the words of the command line stand for.
struct NamedInputs {
  /// Files and folders, those of "-" and of requirements files among them.
  std::vector<std::string> paths{};
  /// Names of installed distributions.
  std::vector<analyzer::Requirement> distributions{};
  std::vector<model::Gap> gaps{};
};

/// A word that is a path on this machine is that path; one that could be a distribution's name is one; "-" stands for
/// the paths that `list` holds. Sources have no names: for `scan` every word is a path.
NamedInputs named_inputs(const Options& options, std::istream& list);

}  // namespace isoaudit::cli
