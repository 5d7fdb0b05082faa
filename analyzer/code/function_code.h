#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/code/decoder.h"
#include "analyzer/code/functions.h"
#include "analyzer/code/instruction.h"

namespace isoaudit::analyzer {

/// One function's instructions, in order. A hole (bytes that are no instruction) ends a block.
struct FunctionCode {
  std::uint64_t begin = 0, end = 0;
  std::vector<Instruction> instructions{};
  /// Bytes that could not be decoded.
  std::uint64_t undecoded = 0;
  /// Where the function's tables of jumps lead, as far as they are found; sorted.
  std::vector<std::uint64_t> labels{};
  /// Of each table the number of entries is known: none of the labels is something else's.
  bool labels_sure = false;
  /// Where they may lead outside of it; where no code begins, they do not. As they come.
  std::vector<std::uint64_t> labels_elsewhere{};
  /// It jumps through a table that was not found: control may come in anywhere.
  bool jumps_unknown = false;
  /// For every few bytes of the code the number of the first instruction that starts there or later; see number().
  /// Empty where pieces lie far from each other.
  std::vector<std::uint32_t> numbers{};

  /// After the instructions are complete: makes index_of ready.
  void number();
  /// Index of the instruction that starts at the address; -1 when none does.
  std::ptrdiff_t index_of(std::uint64_t address) const;
};

class CodePointers;

/// `pointers`: see find_indirect_jumps.
void decode_function(const Image& image, Decoder& decoder, const FunctionRange& range, const CodePointers* pointers,
                     FunctionCode& out);

}  // namespace isoaudit::analyzer
