#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "analyzer/code/code_graph.h"
#include "analyzer/code/module_code.h"

namespace isoaudit::analyzer {

/// Compilers put a function's unlikely ways elsewhere (".text.unlikely"): ranges with unwind entries of their own, in
/// stripped files without a name, to which the function branches and which jump back into its middle. The slow way of a
/// lock is one. What holds in such a piece only the whole tells.
class SplitFunctions {
 public:
  explicit SplitFunctions(ModuleCode& code) : code_(code), called_(code.functions().size(), false) {}

  /// Notes function number `index`. True: control goes between it and the middle of another one, so it may be a piece,
  /// to be read with others later.
  bool note(std::size_t index, const FunctionCode& function);
  /// After all were noted, and `graph` is finished: those of which `note` said so, each in one group. A group begins
  /// with the piece where callers come in; pieces of which nobody can tell which that is are alone.
  std::vector<std::vector<std::uint32_t>> groups(const CodeGraph& graph) const;

 private:
  using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

  std::vector<bool> entered(const CodeGraph& graph) const;

  ModuleCode& code_;
  std::vector<bool> called_;
  /// From one function into another, not by a call: branches and jumps into the middle; jumps to the beginning.
  Edges links_{}, jumps_{};
  std::vector<std::uint32_t> pieces_{};
};

}  // namespace isoaudit::analyzer
