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

}  // namespace isoaudit::analyzer
