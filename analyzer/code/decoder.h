#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyzer/code/instruction.h"
#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// Turns bytes into instructions. LLVM stays behind this header. One decoder belongs to one thread.
class Decoder {
 public:
  /// Remembers what it decoded before. Null when no disassembler for the machine is built in.
  static std::unique_ptr<Decoder> create(Machine machine);
  /// The same, one for each thread, that stays with it: what bytes mean is the same in the next image.
  static Decoder* of_thread(Machine machine);
  /// The same without a memory for what was decoded before: every instruction is LLVM's.
  static std::unique_ptr<Decoder> create_plain(Machine machine);
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder() = default;

  /// The instruction at the start of `bytes`, which lie at `address`. False when the bytes are none; `out.size` then
  /// says how many bytes to skip.
  virtual bool decode(std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) = 0;
  /// Appends those that begin in the first `begins` bytes, one behind the other, as far as they are instructions.
  /// Returns how many bytes they have.
  virtual std::size_t decode_all(std::span<const std::uint8_t> bytes, std::size_t begins, std::uint64_t address,
                                 std::vector<Instruction>& out);

 protected:
  Decoder() = default;
};

/// Sets Instruction::names_frame and is_outward, which decoders have done.
void note_reach(Machine machine, Instruction& instruction);

/// Who passes what where (System V and Windows for x86-64, AAPCS64).
struct CallingConvention {
  std::span<const Register> arguments{};
  Register result = 0;
  Register stack_pointer = 0;
  /// Where functions that have a frame pointer keep it.
  Register frame_pointer = 0;
  /// Lost over a call.
  std::uint64_t clobbered = 0;
  /// Where a function finds the first argument for which no register is left, from the stack pointer at its entry; each
  /// has eight bytes.
  std::int64_t first_on_stack = 0;
  /// What a call itself puts on the stack.
  std::int64_t return_address = 0;
  /// Those that a prototype does not name ("...") have no register.
  bool unnamed_on_stack = false;

  /// The stack or the frame pointer.
  bool is_frame(Register number) const { return number == stack_pointer || number == frame_pointer; }
};
const CallingConvention& calling_convention(Machine machine, model::BinaryFormat format);

}  // namespace isoaudit::analyzer
