#pragma once

#include <vector>

#include "model/gap.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// What the units of a program say together.
struct LinkedProgram {
  model::SourceFacts facts{};
  /// Of units, and of what does not fit together.
  std::vector<model::Gap> gaps{};
};

}  // namespace isoaudit::analyzer
