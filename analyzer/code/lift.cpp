#include "analyzer/code/lift.h"

namespace isoaudit::analyzer {

Lifter::Lifter(const llvm::MCInstrInfo& instructions, const llvm::MCRegisterInfo& registers)
    : instructions_(instructions), registers_(registers), names_(registers.getNumRegs()) {}

RegisterName Lifter::reg(const llvm::MCInst& raw, unsigned operand) const {
  if (operand >= raw.getNumOperands() || !raw.getOperand(operand).isReg()) return {};
  return name_of(raw.getOperand(operand).getReg());
}

std::int64_t Lifter::imm(const llvm::MCInst& raw, unsigned operand) {
  if (operand >= raw.getNumOperands() || !raw.getOperand(operand).isImm()) return 0;
  return raw.getOperand(operand).getImm();
}

std::uint64_t Lifter::written(const llvm::MCInst& raw) const {
  const llvm::MCInstrDesc& description = instructions_.get(raw.getOpcode());
  std::uint64_t mask = 0;
  const auto add = [&](unsigned number) {
    const RegisterName name = name_of(number);
    if (name.number < 64 && !name.zero) mask |= std::uint64_t{1} << name.number;
  };
  for (unsigned i = 0; i < description.getNumDefs() && i < raw.getNumOperands(); ++i) {
    if (raw.getOperand(i).isReg()) add(raw.getOperand(i).getReg());
  }
  for (const llvm::MCPhysReg implicit : description.implicit_defs()) add(implicit);
  return mask;
}

void Lifter::compute(const llvm::MCInst& raw, int memory, Instruction& out) const {
  const llvm::MCInstrDesc& description = instructions_.get(raw.getOpcode());
  const bool one = description.getNumDefs() == 1 && (out.clobbers & (out.clobbers - 1)) == 0;
  const RegisterName to = reg(raw, 0);
  if (!one || description.isCall() || to.number >= first_vector || to.width < 4) return;
  for (unsigned i = 1; i < raw.getNumOperands(); ++i) {
    if (memory >= 0 && i >= static_cast<unsigned>(memory) && i < static_cast<unsigned>(memory) + 5) continue;
    const RegisterName from = reg(raw, i);
    if (from.number >= first_vector || from.width < 4) continue;
    if (out.src == no_register) {
      out.src = from.number;
    } else if (from.number != out.src) {
      out.src2 = from.number;
    }
  }
  if (out.src == no_register && !out.has_memory) return;
  out.op = Op::compute, out.dst = to.number;
  out.clobbers = 0;
}

}  // namespace isoaudit::analyzer
