#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/gap.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// What one unit does with a variable, wherever it is defined.
struct VariableUses {
  bool is_read = false;
  bool address_taken = false;
  std::vector<model::Write> writes{};
};

/// What one unit brought. Variables carry the uses of their own unit already.
struct UnitFacts {
  model::Unit unit{};
  std::vector<model::Variable> variables{};
  /// By linkage name: uses of project variables that another unit defines.
  std::map<std::string, VariableUses> external_uses{};
  std::vector<model::SourceEntryPoint> entry_points{};
  std::vector<model::ApiUse> api_uses{};
  std::vector<model::Gap> gaps{};
};

/// Adds `from` to `to`; writes stay unsorted until the facts are joined.
void merge_uses(VariableUses& to, const VariableUses& from);

}  // namespace isoaudit::analyzer
