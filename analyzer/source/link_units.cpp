#include "analyzer/source/link_units.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace isoaudit::analyzer {
namespace {

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// The same words of the source, whichever unit reads them.
auto place_of(const model::Variable& variable) {
  return std::tuple(variable.where.file, variable.where.line, variable.where.column, variable.qualified_name);
}

void add_uses(model::Variable& variable, const VariableUses& uses) {
  variable.is_read |= uses.is_read;
  variable.address_taken |= uses.address_taken;
  variable.writes.insert(variable.writes.end(), uses.writes.begin(), uses.writes.end());
}

void absorb(model::Variable& variable, const model::Variable& twin) {
  add_uses(variable, {twin.is_read, twin.address_taken, twin.writes});
  variable.unit = std::min(variable.unit, twin.unit);
  if (variable.linkage_name.empty()) variable.linkage_name = twin.linkage_name;
}

}  // namespace

model::SourceFacts link_units(std::vector<UnitFacts> units, std::vector<model::Gap>& gaps) {
  std::ranges::sort(units, {}, [](const UnitFacts& unit) { return unit.unit.file; });
  model::SourceFacts facts;
  std::map<decltype(place_of(model::Variable{})), model::Variable> variables;
  std::map<std::string, VariableUses> external;
  for (UnitFacts& unit : units) {
    for (model::Variable& variable : unit.variables) {
      const auto [known, is_new] = variables.try_emplace(place_of(variable), variable);
      if (!is_new) absorb(known->second, variable);
    }
    for (const auto& [name, uses] : unit.external_uses) merge_uses(external[name], uses);
    std::ranges::move(unit.entry_points, std::back_inserter(facts.entry_points));
    std::ranges::move(unit.api_uses, std::back_inserter(facts.api_uses));
    std::ranges::move(unit.gaps, std::back_inserter(gaps));
    facts.units.push_back(std::move(unit.unit));
  }
  for (auto& [place, variable] : variables) {
    if (variable.linkage == model::Linkage::external) {
      if (const auto uses = external.find(variable.linkage_name); uses != external.end()) {
        add_uses(variable, uses->second);
      }
    }
    sort_unique(variable.writes);
    facts.variables.push_back(std::move(variable));
  }
  sort_unique(facts.units);
  sort_unique(facts.entry_points);
  sort_unique(facts.variables);
  // The same line of a header, seen by several units, is one use.
  std::ranges::sort(facts.api_uses);
  const auto same = std::unique(facts.api_uses.begin(), facts.api_uses.end(),
                                [](const auto& a, const auto& b) { return a.name == b.name && a.where == b.where; });
  facts.api_uses.erase(same, facts.api_uses.end());
  sort_unique(gaps);
  return facts;
}

}  // namespace isoaudit::analyzer
