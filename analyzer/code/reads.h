#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/code/functions_by_place.h"
#include "analyzer/code/module_code.h"
#include "model/binary_facts.h"

namespace isoaudit::analyzer {

/// Which functions load from the image's own writable memory. An address that is only passed on, and the load that is
/// one half of a change, are no reading.
class Reads {
 public:
  explicit Reads(const ModuleCode& code) : code_(code) {}

  /// An instruction of function number `index`, with what is known before it.
  void look(std::size_t index, const State& state, const Instruction& instruction);
  /// Function number `index` loads from there.
  void add(std::size_t index, std::uint64_t address);
  /// Numbers of the functions that load from there.
  std::vector<std::uint32_t> readers_of(std::uint64_t address) { return rows_.functions_at(address); }
  /// One row for each place and function, sorted.
  std::vector<model::CodeRead> take();

 private:
  const ModuleCode& code_;
  FunctionsByPlace rows_{};
};

}  // namespace isoaudit::analyzer
