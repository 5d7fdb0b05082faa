#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/source/unit_facts.h"

namespace isoaudit::analyzer {

/// What every function of the program does with what its parameters point to, calls into other functions included.
class Summaries {
 public:
  /// `units` must outlive it.
  explicit Summaries(const std::vector<UnitFacts>& units);

  /// Decides what became of each address that went to a function: `uses.passed` turns into writes, into an address
  /// that is kept, or into nothing.
  void resolve(std::size_t unit, VariableUses& uses) const;

 private:
  struct Parameter {
    bool writes = false;     ///< a function of the program does
    bool may_write = false;  ///< somebody whose body is not known gets the address
    bool guarded = false;    ///< written under a lock
    bool keeps = false;
    std::string guard{};
    bool operator==(const Parameter&) const = default;
  };
  using Function = std::vector<Parameter>;

  const Parameter* find(std::size_t unit, const Passed& passed) const;
  /// `callee` is what `find` says; null when its body is not known.
  static bool absorb(const Parameter* callee, const Passed& passed, Parameter& into);

  std::unordered_map<std::string, std::vector<Parameter>> functions_{};
};

}  // namespace isoaudit::analyzer
