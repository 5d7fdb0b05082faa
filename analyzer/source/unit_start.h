#pragma once

#include <string>
#include <vector>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/leading_steps.h"

namespace isoaudit::analyzer {

/// The directives that a unit begins with.
struct UnitStart {
  /// content_hash of the unit's text.
  std::string content{};
  std::vector<LeadingStep> steps{};
  /// One for each step: what makes two of them mean the same.
  std::vector<std::string> keys{};
  /// For each step the names in quotes that do not lie in the unit's own folder.
  std::vector<std::vector<std::string>> not_beside{};
};

/// A file that cannot be read has none.
UnitStart start_of(const CompileCommand& command);

}  // namespace isoaudit::analyzer
