#include "analyzer/code/decoder.h"

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "analyzer/code/lift.h"

namespace isoaudit::analyzer {
namespace {

void register_targets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64Disassembler();
  });
}

class LlvmDecoder final : public Decoder {
 public:
  static std::unique_ptr<LlvmDecoder> make(Machine machine) {
    register_targets();
    auto decoder = std::unique_ptr<LlvmDecoder>(new LlvmDecoder);
    const bool arm = machine == Machine::aarch64;
    const llvm::Triple triple(arm ? "aarch64-unknown-linux-gnu" : "x86_64-unknown-linux-gnu");
    std::string error;
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple.str(), error);
    if (target == nullptr) return nullptr;
    decoder->registers_.reset(target->createMCRegInfo(triple.str()));
    decoder->assembly_.reset(target->createMCAsmInfo(*decoder->registers_, triple.str(), llvm::MCTargetOptions()));
    decoder->instructions_.reset(target->createMCInstrInfo());
    // AArch64 decodes only what its features allow; x86 decodes everything.
    decoder->features_.reset(target->createMCSubtargetInfo(triple.str(), "", arm ? "+all" : ""));
    decoder->context_ = std::make_unique<llvm::MCContext>(triple, decoder->assembly_.get(), decoder->registers_.get(),
                                                          decoder->features_.get());
    decoder->disassembler_.reset(target->createMCDisassembler(*decoder->features_, *decoder->context_));
    if (decoder->disassembler_ == nullptr) return nullptr;
    decoder->lifter_ = arm ? make_aarch64_lifter(*decoder->instructions_, *decoder->registers_)
                           : make_x86_lifter(*decoder->instructions_, *decoder->registers_);
    return decoder;
  }

  bool decode(std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) override {
    out = Instruction{};
    out.address = address;
    raw_.clear();
    std::uint64_t size = 0;
    const auto status =
        disassembler_->getInstruction(raw_, size, llvm::ArrayRef(bytes.data(), bytes.size()), address, llvm::nulls());
    out.size = static_cast<std::uint8_t>(std::clamp<std::uint64_t>(size, 1, 255));
    if (status != llvm::MCDisassembler::Success) return false;
    lifter_->lift(raw_, out);
    return true;
  }

 private:
  LlvmDecoder() = default;

  std::unique_ptr<llvm::MCRegisterInfo> registers_;
  std::unique_ptr<llvm::MCAsmInfo> assembly_;
  std::unique_ptr<llvm::MCInstrInfo> instructions_;
  std::unique_ptr<llvm::MCSubtargetInfo> features_;
  std::unique_ptr<llvm::MCContext> context_;
  std::unique_ptr<llvm::MCDisassembler> disassembler_;
  std::unique_ptr<Lifter> lifter_;
  llvm::MCInst raw_;
};

constexpr std::array<Register, 6> x86_arguments{7, 6, 2, 1, 8, 9};
constexpr std::array<Register, 8> aarch64_arguments{0, 1, 2, 3, 4, 5, 6, 7};
constexpr std::uint64_t all_vectors = 0xFFFFFFFF00000000;
constexpr CallingConvention x86{x86_arguments, 0, 4, all_vectors | 0x0FC7};
constexpr CallingConvention aarch64{aarch64_arguments, 0, 31, all_vectors | 0x4007FFFF};

}  // namespace

std::unique_ptr<Decoder> Decoder::create(Machine machine) {
  return machine == Machine::other ? nullptr : LlvmDecoder::make(machine);
}

const CallingConvention& calling_convention(Machine machine) { return machine == Machine::aarch64 ? aarch64 : x86; }

}  // namespace isoaudit::analyzer
