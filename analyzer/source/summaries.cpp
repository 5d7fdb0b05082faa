#include "analyzer/source/summaries.h"

#include "analyzer/source/function_ids.h"

namespace isoaudit::analyzer {

Summaries::Summaries(const std::vector<UnitFacts>& units) {
  struct Open {
    std::size_t unit;
    const Passed* passed;
    Parameter* parameter;
    const Parameter* callee;
  };
  std::vector<Open> open;
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    for (const FunctionFacts& function : units[unit].functions) {
      Function& parameters = functions_[program_id(unit, function.id)];
      // The same inline function of a header in another unit: macros may make its bodies differ, so both count.
      if (parameters.size() < function.parameters.size()) parameters.resize(function.parameters.size());
    }
  }
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    for (const FunctionFacts& function : units[unit].functions) {
      Function& parameters = functions_[program_id(unit, function.id)];
      for (std::size_t i = 0; i < function.parameters.size(); ++i) {
        const VariableUses& uses = function.parameters[i];
        Parameter& parameter = parameters[i];
        parameter.keeps |= uses.address_taken;
        for (const model::Write& write : uses.writes) {
          if (write.guard.empty()) parameter.writes = true;
          if (write.guard.empty()) continue;
          parameter.guarded = true;
          parameter.guard = write.guard;
        }
        for (const Passed& passed : uses.passed) open.push_back({unit, &passed, &parameter, nullptr});
      }
    }
  }
  // Every function has its place by now; names are looked up once, not in each sweep.
  for (Open& edge : open) edge.callee = find(edge.unit, *edge.passed);
  // Facts only ever grow: the order of the sweeps does not change where they end.
  for (bool changed = true; changed;) {
    changed = false;
    for (const Open& edge : open) changed |= absorb(edge.callee, *edge.passed, *edge.parameter);
  }
}

const Summaries::Parameter* Summaries::find(std::size_t unit, const Passed& passed) const {
  if (passed.callee.empty()) return nullptr;
  const auto known = functions_.find(program_id(unit, passed.callee));
  // Beyond the named parameters: what a variadic function does is not followed.
  if (known == functions_.end() || passed.parameter >= known->second.size()) return nullptr;
  return &known->second[passed.parameter];
}

bool Summaries::absorb(const Parameter* callee, const Passed& passed, Parameter& into) {
  const Parameter before = into;
  const bool writes = callee == nullptr ? passed.otherwise == Effect::writes : callee->writes || callee->may_write;
  if (callee != nullptr && callee->keeps) into.keeps = true;
  if (callee == nullptr && passed.otherwise == Effect::shares) into.keeps = true;
  if (writes && !passed.write.guard.empty()) {
    into.guarded = true;
    if (into.guard.empty()) into.guard = passed.write.guard;
  } else if (writes) {
    into.writes |= callee != nullptr && callee->writes;
    into.may_write |= callee == nullptr || callee->may_write;
  }
  if (callee != nullptr && callee->guarded) {
    into.guarded = true;
    if (into.guard.empty()) into.guard = callee->guard;
  }
  return !(into == before);
}

void Summaries::resolve(std::size_t unit, VariableUses& uses) const {
  for (Passed& passed : uses.passed) {
    Parameter effect;
    const Parameter* callee = find(unit, passed);
    absorb(callee, passed, effect);
    model::Write write = passed.write;
    if (effect.writes || effect.may_write || effect.guarded) {
      if (effect.writes) write.kind = model::WriteKind::by_callee;
      if (!effect.writes && !effect.may_write) write.guard = effect.guard;
      if (callee != nullptr && effect.guarded) write.kind = model::WriteKind::by_callee;
      uses.writes.push_back(std::move(write));
    } else if (!effect.keeps) {
      uses.is_read = true;
    }
    uses.address_taken |= effect.keeps;
  }
  uses.passed.clear();
}

}  // namespace isoaudit::analyzer
