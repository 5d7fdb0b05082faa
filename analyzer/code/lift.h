#pragma once

#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "analyzer/code/instruction.h"

/// Inside analyzer/code only: LLVM's instructions into ours. LLVM does not install its targets' opcode names, so the
/// tables are made once from their texts.
namespace isoaudit::analyzer {

struct RegisterName {
  Register number = no_register;
  /// Bytes; the upper half of a register's name (AH) counts as none, so that writing it loses the whole.
  std::uint8_t width = 0;
  /// Reads as zero.
  bool zero = false;
};

class Lifter {
 public:
  Lifter(const llvm::MCInstrInfo& instructions, const llvm::MCRegisterInfo& registers);
  virtual ~Lifter() = default;
  Lifter(const Lifter&) = delete;
  Lifter& operator=(const Lifter&) = delete;

  /// `out` comes with address and size set.
  virtual void lift(const llvm::MCInst& raw, Instruction& out) const = 0;

 protected:
  RegisterName name_of(unsigned raw) const { return raw < names_.size() ? names_[raw] : RegisterName{}; }
  RegisterName reg(const llvm::MCInst& raw, unsigned operand) const;
  static std::int64_t imm(const llvm::MCInst& raw, unsigned operand);
  /// Every register that the instruction writes, implicit ones too.
  std::uint64_t written(const llvm::MCInst& raw) const;

  /// An instruction without a word of its own that makes one general register of others: which. `memory`: where its
  /// memory operand begins, -1 for none.
  void compute(const llvm::MCInst& raw, int memory, Instruction& out) const;

  const llvm::MCInstrInfo& instructions_;
  const llvm::MCRegisterInfo& registers_;
  std::vector<RegisterName> names_;
};

std::unique_ptr<Lifter> make_x86_lifter(const llvm::MCInstrInfo& instructions, const llvm::MCRegisterInfo& registers);
std::unique_ptr<Lifter> make_aarch64_lifter(const llvm::MCInstrInfo& instructions,
                                            const llvm::MCRegisterInfo& registers);

}  // namespace isoaudit::analyzer
