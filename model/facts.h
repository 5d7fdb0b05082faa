#pragma once

#include <compare>
#include <string>
#include <vector>

#include "model/binary_facts.h"
#include "model/gap.h"
#include "model/python_version.h"
#include "model/run_facts.h"
#include "model/source_facts.h"

namespace isoaudit::model {

/// All that the collectors brought: the only input of the rules.
struct Facts {
  std::vector<Interpreter> pythons{};
  SourceFacts source{};
  std::vector<BinaryFacts> binaries{};
  std::vector<RunFacts> runs{};
  std::vector<Gap> gaps{};
  /// For Report::notes.
  std::vector<std::string> notes{};

  auto operator<=>(const Facts&) const = default;
};

}  // namespace isoaudit::model
