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

/// Forward propagation of constants and addresses through one function to a fixpoint, loops included. Where control
/// comes from an unknown place (jump tables, landing pads) nothing is known. `result_of` names what a call returns.
void flow_through(const Evaluator& evaluator, const FunctionCode& code,
                  const std::function<Value(const State&, const Instruction&)>& result_of, const Visit& visit);

}  // namespace isoaudit::analyzer
