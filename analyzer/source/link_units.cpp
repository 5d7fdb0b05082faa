#include "analyzer/source/link_units.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "analyzer/source/call_graph.h"
#include "analyzer/source/summaries.h"

namespace isoaudit::analyzer {
namespace {

/// Those that are many are large: sorted where they are, each is moved once.
template <typename T>
std::vector<T*> in_order(std::vector<T>& values) {
  std::vector<T*> sorted;
  sorted.reserve(values.size());
  for (T& value : values) sorted.push_back(&value);
  std::ranges::sort(sorted, [](const T* one, const T* other) { return *one < *other; });
  return sorted;
}

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::vector<T> unique;
  unique.reserve(values.size());
  for (T* value : in_order(values)) {
    if (unique.empty() || unique.back() != *value) unique.push_back(std::move(*value));
  }
  values = std::move(unique);
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

/// The same place, seen by another unit: all its times count, and not known beats known.
void add_times(std::vector<model::Reached>& times, const std::vector<model::Reached>& more) {
  if (times.empty() || more.empty()) {
    times.clear();
  } else {
    times.insert(times.end(), more.begin(), more.end());
  }
}

/// Each time once, with the first of the ways that lead there.
void sort_times(std::vector<model::Reached>& times) {
  std::ranges::sort(times);
  const auto repeated = std::ranges::unique(times, {}, &model::Reached::when);
  times.erase(repeated.begin(), repeated.end());
  if (times.size() > 1 && times.front().when == model::RunsWhen::never) times.erase(times.begin());
}

/// The same line of a header, seen by several units, is one write.
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
      if (same) add_times(before, reached);
      merged.back().reached = std::move(before);
      if (same) continue;
    }
    write.reached = std::move(reached);
    merged.push_back(std::move(write));
  }
  for (model::Write& write : merged) sort_times(write.reached);
  writes = std::move(merged);
}

/// When the functions run that the unit's uses stand in.
void finish_times(std::size_t unit, std::vector<model::ApiUse>& uses, const CallGraph& calls) {
  std::unordered_map<std::string, std::vector<model::Reached>> known;
  for (model::ApiUse& use : uses) {
    if (!use.reached.empty()) continue;
    const auto [times, is_new] = known.try_emplace(use.where.function);
    if (is_new) {
      times->second = calls.reached(unit, use.where.function);
      // There are many more uses than writes; a way is told of what happens at import alone.
      for (model::Reached& row : times->second) {
        if (row.when != model::RunsWhen::hook && row.when != model::RunsWhen::exec) row.path.clear();
      }
    }
    use.reached = times->second;
  }
}

/// The same line of a header, seen by several units, is one use; not the C that was made of one line for each of them.
void merge_api_uses(std::vector<model::ApiUse>& uses) {
  std::vector<model::ApiUse> merged;
  merged.reserve(uses.size());
  for (model::ApiUse* use : in_order(uses)) {
    const bool same = !merged.empty() && merged.back().name == use->name && merged.back().where == use->where &&
                      (!use->made_of_line || merged.back().unit == use->unit);
    if (same) {
      add_times(merged.back().reached, use->reached);
      sort_times(merged.back().reached);
    } else {
      merged.push_back(std::move(*use));
    }
  }
  uses = std::move(merged);
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
  std::size_t api_uses = 0;
  for (const UnitFacts& unit : units) api_uses += unit.api_uses.size();
  facts.api_uses.reserve(api_uses);
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
    finish_times(number, unit.api_uses, calls);
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
  merge_api_uses(facts.api_uses);
  erase_repeated(facts.type_specs);
  erase_repeated(facts.handed_callbacks);
  sort_unique(gaps);
  return facts;
}

}  // namespace isoaudit::analyzer
