#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/code/address_walk.h"
#include "analyzer/code/module_code.h"
#include "analyzer/tables/parameters.h"

namespace isoaudit::analyzer {

/// What functions of the file do with the memory that their arguments point to. One that was gone through for another
/// reason is not read again; the others are when they are first asked for.
class PassedArguments : private AddressWalk::Module {
 public:
  explicit PassedArguments(ModuleCode& code);

  /// It will be asked for.
  void expect(std::uint64_t callee, unsigned argument) { expected_[callee] |= 1u << argument; }
  /// Whether the code at `callee`, or what that hands the pointer on to, writes through argument number `argument`.
  ParameterUse use_of(std::uint64_t callee, unsigned argument);

  /// A function is gone through: all that is visited there comes to look.
  void begin(const FunctionCode& function);
  void look(const State& state, const Instruction& instruction);
  void end();

 private:
  unsigned taken_from_stack(const Instruction& call) override { return code_.taken_from_stack(call); }
  // Of addresses, which are not followed here.
  bool leads_to_writable(std::uint64_t) override { return true; }
  bool holds_followed(std::uint64_t) override { return false; }
  bool may_be_filled(std::uint64_t) override { return false; }

  /// Function of the file and number of its argument.
  using Parameter = std::pair<std::uint64_t, unsigned>;

  struct Summary {
    /// Bit i: writes through argument i.
    unsigned written = 0;
    unsigned unknown = 0;
    unsigned atomic = 0;
    unsigned counted = 0;
    unsigned kept = 0;
    unsigned handed_back = 0;
    /// Of which arguments this says all there is to say.
    unsigned told = ~0u;
    /// Argument → callee, its argument.
    std::vector<std::tuple<unsigned, std::uint64_t, unsigned>> passes{};

    bool tells(unsigned argument) const { return (told >> argument & 1) != 0; }
    ParameterUse use_of(unsigned argument) const;
  };

  const Summary& summary_of(std::uint64_t address, unsigned argument);
  void walk_along_arguments(unsigned asked);
  void look_at_call(const State& state, const Instruction& instruction);
  void hand_on(unsigned passed, const State& state, const Value& callee, unsigned number);

  ModuleCode& code_;
  std::unordered_map<std::uint64_t, Summary> summaries_{};
  /// Of functions: one bit for each argument.
  std::unordered_map<std::uint64_t, unsigned> expected_{};
  /// Between begin and end.
  const FunctionCode* function_ = nullptr;
  Summary summary_{};
  FunctionCode again_{};
  AddressWalk walk_;
  StackPositions positions_{};
  /// Bytes of code.
  std::uint64_t summarized_ = 0;
  const std::uint64_t most_summarized_;
  std::map<Parameter, ParameterUse> uses_{};
};

}  // namespace isoaudit::analyzer
