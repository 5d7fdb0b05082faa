#include "analyzer/source/link_units.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "analyzer/source/call_graph.h"
#include "analyzer/source/summaries.h"

namespace isoaudit::analyzer {
namespace {

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// The same line of a header, seen by several units, is one.
template <typename T>
void erase_repeated(std::vector<T>& values) {
  std::ranges::sort(values, {}, [](const T& value) { return std::tie(value.where, value.unit); });
  const auto repeated = std::ranges::unique(values, {}, &T::where);
  values.erase(repeated.begin(), repeated.end());
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

/// What only the whole program tells: where addresses went, and when each write happens.
void finish_uses(std::size_t unit, VariableUses& uses, const Summaries& summaries, const CallGraph& calls) {
  summaries.resolve(unit, uses);
  for (model::Write& write : uses.writes) write.reached = calls.reached(unit, write.where.function);
}

/// The same line of a header, seen by several units, is one write: all its times count.
void merge_writes(std::vector<model::Write>& writes) {
  sort_unique(writes);
  std::vector<model::Write> merged;
  for (model::Write& write : writes) {
    std::vector<model::Reached> reached = std::move(write.reached);
    write.reached.clear();
    if (!merged.empty()) {
      std::vector<model::Reached> before = std::move(merged.back().reached);
      merged.back().reached.clear();
      const bool same = merged.back() == write;
      if (same && !before.empty() && !reached.empty()) before.insert(before.end(), reached.begin(), reached.end());
      if (same && reached.empty()) before.clear();  // not known beats known
      merged.back().reached = std::move(before);
      if (same) continue;
    }
    write.reached = std::move(reached);
    merged.push_back(std::move(write));
  }
  for (model::Write& write : merged) {
    std::ranges::sort(write.reached);
    const auto same_time = std::unique(write.reached.begin(), write.reached.end(),
                                       [](const auto& a, const auto& b) { return a.when == b.when; });
    write.reached.erase(same_time, write.reached.end());
    if (write.reached.size() > 1 && write.reached.front().when == model::RunsWhen::never) {
      write.reached.erase(write.reached.begin());
    }
  }
  writes = std::move(merged);
}

void absorb(model::Variable& variable, const model::Variable& twin) {
  add_uses(variable, {twin.is_read, twin.address_taken, twin.writes, {}});
  variable.unit = std::min(variable.unit, twin.unit);
  if (variable.linkage_name.empty()) variable.linkage_name = twin.linkage_name;
}

}  // namespace

model::SourceFacts link_units(std::vector<UnitFacts> units, std::vector<model::Gap>& gaps) {
  std::ranges::sort(units, {}, [](const UnitFacts& unit) { return unit.unit.file; });
  model::SourceFacts facts;
  std::map<decltype(place_of(model::Variable{})), model::Variable> variables;
  std::map<std::string, VariableUses> external;
  const Summaries summaries(units);
  const CallGraph calls(units);
  for (std::size_t number = 0; number < units.size(); ++number) {
    UnitFacts& unit = units[number];
    for (std::size_t i = 0; i < unit.variables.size(); ++i) {
      model::Variable& variable = unit.variables[i];
      VariableUses uses{.writes = std::move(variable.writes), .passed = std::move(unit.passed[i])};
      variable.writes.clear();
      finish_uses(number, uses, summaries, calls);
      add_uses(variable, uses);
      const auto [known, is_new] = variables.try_emplace(place_of(variable), variable);
      if (!is_new) absorb(known->second, variable);
    }
    for (auto& [name, uses] : unit.external_uses) {
      finish_uses(number, uses, summaries, calls);
      merge_uses(external[name], uses);
    }
    std::ranges::move(unit.entry_points, std::back_inserter(facts.entry_points));
    std::ranges::move(unit.api_uses, std::back_inserter(facts.api_uses));
    std::ranges::move(unit.type_specs, std::back_inserter(facts.type_specs));
    std::ranges::move(unit.handed_callbacks, std::back_inserter(facts.handed_callbacks));
    std::ranges::move(unit.gaps, std::back_inserter(gaps));
    facts.units.push_back(std::move(unit.unit));
  }
  for (auto& [place, variable] : variables) {
    if (variable.linkage == model::Linkage::external) {
      if (const auto uses = external.find(variable.linkage_name); uses != external.end()) {
        add_uses(variable, uses->second);
      }
    }
    merge_writes(variable.writes);
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
  erase_repeated(facts.type_specs);
  erase_repeated(facts.handed_callbacks);
  sort_unique(gaps);
  return facts;
}

}  // namespace isoaudit::analyzer
