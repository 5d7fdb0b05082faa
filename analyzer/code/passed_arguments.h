#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "analyzer/code/module_code.h"
#include "analyzer/tables/parameters.h"

namespace isoaudit::analyzer {

/// What functions of the file do with the memory that their arguments point to, each read when it is first asked for.
class PassedArguments {
 public:
  explicit PassedArguments(ModuleCode& code) : code_(code) {}

  /// Whether the code at `callee`, or what that hands the pointer on to, writes through argument number `argument`.
  ParameterUse use_of(std::uint64_t callee, unsigned argument);

 private:
  /// Function of the file and number of its argument.
  using Parameter = std::pair<std::uint64_t, unsigned>;

  struct Summary {
    /// Bit i: writes through argument i.
    unsigned written = 0;
    unsigned unknown = 0;
    unsigned atomic = 0;
    /// Argument → callee, its argument.
    std::set<std::tuple<unsigned, std::uint64_t, unsigned>> passes{};

    ParameterUse use_of(unsigned argument) const;
  };

  const Summary& summary_of(std::uint64_t address);
  void summarize(const FunctionCode& function, const State& state, const Instruction& instruction, Summary& summary);
  void summarize_call(const State& state, const Instruction& instruction, Summary& summary);

  ModuleCode& code_;
  std::map<std::uint64_t, Summary> summaries_{};
  std::uint64_t summarized_ = 0;
  std::map<Parameter, ParameterUse> uses_{};
};

}  // namespace isoaudit::analyzer
