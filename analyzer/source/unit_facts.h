#pragma once

#include <map>
#include <string>
#include <vector>

#include "analyzer/source/effect.h"
#include "model/gap.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// The address of a variable, or of what a parameter points to, is the argument of a call. What the callee does with it
/// is known when all units are.
struct Passed {
  std::string callee{};  ///< as FunctionIds names it; empty when only the run knows
  unsigned parameter = 0;
  Effect otherwise = Effect::writes;  ///< what to think when no unit defines the callee
  model::Write write{};               ///< what it is when the callee writes

  auto operator<=>(const Passed&) const = default;
};

/// What one unit does with a variable, wherever it is defined; or what a function does with what a parameter points to.
struct VariableUses {
  bool is_read = false;
  bool address_taken = false;
  std::vector<model::Write> writes{};
  std::vector<Passed> passed{};

  bool operator==(const VariableUses&) const = default;
};

/// A function that is defined in a unit.
struct FunctionFacts {
  std::string id{};
  std::string name{};  ///< as Location::function says it
  /// One for each parameter; of the writes only the guard is told.
  std::vector<VariableUses> parameters{};
  /// No other unit can name it.
  bool only_here = false;
  std::vector<std::string> calls{};       ///< ids
  std::vector<std::string> main_calls{};  ///< ids: only where this is the main interpreter
  std::vector<std::string> last_calls{};  ///< ids of functions that do not return: the process ends
  std::vector<std::string> hands_out{};   ///< ids of functions whose address goes somewhere

  bool operator==(const FunctionFacts&) const = default;
};

/// A function that runs by itself, as far as the project's calls go.
struct EntryIntoCode {
  std::string function{};  ///< its id
  model::RunsWhen when = model::RunsWhen::call;
  std::string how{};  ///< "method `lookup`"

  auto operator<=>(const EntryIntoCode&) const = default;
};

/// What one unit brought. Variables carry the uses of their own unit already.
struct UnitFacts {
  model::Unit unit{};
  std::vector<model::Variable> variables{};
  /// One for each of `variables`: where its address goes.
  std::vector<std::vector<Passed>> passed{};
  /// By linkage name: uses of project variables that another unit defines.
  std::map<std::string, VariableUses> external_uses{};
  std::vector<FunctionFacts> functions{};
  std::vector<EntryIntoCode> entries{};
  std::vector<model::SourceEntryPoint> entry_points{};
  std::vector<model::ApiUse> api_uses{};
  std::vector<model::TypeSpec> type_specs{};
  std::vector<model::HandedCallback> handed_callbacks{};
  std::vector<model::Gap> gaps{};

  bool operator==(const UnitFacts&) const = default;
};

/// Adds `from` to `to`; writes stay unsorted until the facts are joined.
void merge_uses(VariableUses& to, const VariableUses& from);

}  // namespace isoaudit::analyzer
