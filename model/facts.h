#pragma once

#include <compare>
#include <string>
#include <vector>

#include "model/added_function.h"
#include "model/binary_facts.h"
#include "model/gap.h"
#include "model/python_version.h"
#include "model/run_facts.h"
#include "model/source_facts.h"

namespace isoaudit::model {

/// All that the collectors brought: the only input of the rules.
struct Facts {
  std::vector<Interpreter> pythons{};
  /// What rules read.
  SourceFacts source{};
  /// Where the sources do not say the same to all `pythons`: one for each set of them to which they do, and then
  /// `source` is empty. Every Python is in one of them.
  std::vector<SourceView> source_views{};
  std::vector<BinaryFacts> binaries{};
  std::vector<RunFacts> runs{};
  std::vector<Gap> gaps{};
  /// Sorted.
  std::vector<AddedFunction> added_functions{};
  /// For Report::notes.
  std::vector<std::string> notes{};

  auto operator<=>(const Facts&) const = default;
};

}  // namespace isoaudit::model
