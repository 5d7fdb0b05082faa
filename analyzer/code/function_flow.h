#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "analyzer/code/evaluator.h"
#include "analyzer/code/functions.h"

namespace isoaudit::analyzer {

/// One function's instructions, in order. A hole (bytes that are no instruction) ends a block.
struct FunctionCode {
  std::uint64_t begin = 0, end = 0;
  std::vector<Instruction> instructions{};
  /// Bytes that could not be decoded.
  std::uint64_t undecoded = 0;
  /// Where the function's tables of jumps lead, as far as they are found; sorted.
  std::vector<std::uint64_t> labels{};
  /// It jumps through a table that was not found: control may come in anywhere.
  bool jumps_unknown = false;

  /// Index of the instruction that starts at the address; -1 when none does.
  std::ptrdiff_t index_of(std::uint64_t address) const;
};

void decode_function(const Image& image, Decoder& decoder, const FunctionRange& range, FunctionCode& out);

/// Called once for each instruction that can be reached or whose way in is not known, with what is known before it.
using Visit = std::function<void(const State&, const Instruction&)>;

/// What the reader of a module adds to the instructions' own effects.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  /// A call: what it returns, what it may write, which lock it takes.
  virtual void call(State& state, const Instruction& instruction) = 0;
  /// Control goes on where `branch` leads to (`taken`) or behind it.
  virtual void along_branch(State& state, const Instruction& branch, bool taken) = 0;
};

/// Forward propagation of constants, addresses and locks through one function to a fixpoint, loops included. Where
/// control comes from a place that is not known (jump tables, landing pads) nothing is certain.
void flow_through(const Evaluator& evaluator, const FunctionCode& code, Surroundings& around, const Visit& visit);

}  // namespace isoaudit::analyzer
