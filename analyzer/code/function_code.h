#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
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
  /// Number of an instruction that jumps through a table, and a label that it may lead to. Of all such jumps, sorted;
  /// empty unless each one's table is found.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> table_ways{};
  /// Where they may lead outside of it; where no code begins, they do not. As they come.
  std::vector<std::uint64_t> labels_elsewhere{};
  /// It jumps through a table that was not found: control may come in anywhere.
  bool jumps_unknown = false;
  /// Which of 64 bytes instructions begin at, and how many do before.
  struct Beginnings {
    std::uint64_t bits = 0;
    std::uint32_t before = 0;
  };
  /// Of the code's bytes, row by row; see number(). Empty where pieces lie far from each other.
  std::vector<Beginnings> beginnings{};

  /// Numbers of the instructions that are outward, in order: a third of all, and most readers need no others. See
  /// number().
  std::vector<std::uint32_t> outward{};
  /// Some instruction may take or give back a lock of one byte; see number().
  bool may_lock_byte = false;
  /// Bytes of all instructions; see number().
  std::uint64_t decoded = 0;

  /// After the instructions are complete: makes ready what is said of them above, and index_of.
  void number();
  /// The same in steps, while instructions come: first, with the number of the first of those that came, at the end.
  void begin_numbers();
  void number_from(std::size_t first);
  void end_numbers();
  /// Index of the instruction that starts at the address; -1 when none does.
  std::ptrdiff_t index_of(std::uint64_t address) const;
  /// Another instruction begins where that one ends: there is no hole, and not the function's end.
  bool code_follows(std::size_t number) const {
    return number + 1 < instructions.size() && instructions[number + 1].address == instructions[number].next();
  }
};

/// A jump that does not leave the function.
inline bool stays_inside(const FunctionCode& function, const Instruction& instruction) {
  return instruction.op == Op::jump && instruction.has_target && function.index_of(instruction.target) >= 0;
}

class CodePointers;

/// `pointers`: see find_indirect_jumps.
void decode_function(const Image& image, Decoder& decoder, const FunctionRange& range, const CodePointers* pointers,
                     FunctionCode& out);
/// The same of a function in several pieces: the first is where callers come in.
void decode_pieces(const Image& image, Decoder& decoder, std::vector<const FunctionRange*> pieces,
                   const CodePointers* pointers, FunctionCode& out);

}  // namespace isoaudit::analyzer
