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

#include "analyzer/code/byte_cache.h"
#include "analyzer/code/lift.h"
#include "analyzer/code/word_cache.h"

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

/// What LLVM knows of a machine, and the tables that the lifter makes of it: thousands of names, so they are made once.
/// Never changed afterwards; all threads share it.
struct Target {
  explicit Target(bool arm) : triple(arm ? "aarch64-unknown-linux-gnu" : "x86_64-unknown-linux-gnu") {
    register_targets();
    std::string error;
    target = llvm::TargetRegistry::lookupTarget(triple.str(), error);
    if (target == nullptr) return;
    registers.reset(target->createMCRegInfo(triple.str()));
    assembly.reset(target->createMCAsmInfo(*registers, triple.str(), llvm::MCTargetOptions()));
    instructions.reset(target->createMCInstrInfo());
    // AArch64 decodes only what its features allow; x86 decodes everything.
    features.reset(target->createMCSubtargetInfo(triple.str(), "", arm ? "+all" : ""));
    lifter = arm ? make_aarch64_lifter(*instructions, *registers) : make_x86_lifter(*instructions, *registers);
  }

  llvm::Triple triple;
  const llvm::Target* target = nullptr;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCSubtargetInfo> features;
  std::unique_ptr<Lifter> lifter;
};

const Target& target_of(Machine machine) {
  if (machine == Machine::aarch64) {
    static const Target aarch64(true);
    return aarch64;
  }
  static const Target x86(false);
  return x86;
}

class LlvmDecoder final : public Decoder {
 public:
  LlvmDecoder(const Target& target, Machine machine)
      : target_(target),
        machine_(machine),
        context_(target.triple, target.assembly.get(), target.registers.get(), target.features.get()),
        disassembler_(target.target->createMCDisassembler(*target.features, context_)) {}

  bool usable() const { return disassembler_ != nullptr; }

  bool decode(std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) override {
    out = Instruction{};
    out.address = address;
    // As new: LLVM's AArch64 reader adds operands for the opcode that it finds there when the bytes are no instruction.
    raw_.clear();
    raw_.setOpcode(0);
    std::uint64_t size = 0;
    const auto status =
        disassembler_->getInstruction(raw_, size, llvm::ArrayRef(bytes.data(), bytes.size()), address, llvm::nulls());
    out.size = static_cast<std::uint8_t>(std::clamp<std::uint64_t>(size, 1, 255));
    if (status != llvm::MCDisassembler::Success) return false;
    target_.lifter->lift(raw_, out);
    note_reach(machine_, out);
    return true;
  }

 private:
  const Target& target_;
  const Machine machine_;
  llvm::MCContext context_;
  std::unique_ptr<llvm::MCDisassembler> disassembler_;
  llvm::MCInst raw_;
};

constexpr std::array<Register, 6> x86_arguments{7, 6, 2, 1, 8, 9};
constexpr std::array<Register, 8> aarch64_arguments{0, 1, 2, 3, 4, 5, 6, 7};
constexpr std::uint64_t all_vectors = 0xFFFFFFFF00000000;
constexpr CallingConvention x86{x86_arguments, 0, 4, 5, all_vectors | 0x0FC7, 8, 8};
/// rcx, rdx, r8, r9, with room for them on the stack; xmm6 to xmm15 live on.
constexpr std::array<Register, 4> windows_arguments{1, 2, 8, 9};
constexpr CallingConvention windows_x86{windows_arguments, 0, 4, 5, 0xFFFF003F00000000 | 0x0F07, 40, 8};
constexpr CallingConvention aarch64{aarch64_arguments, 0, 31, 29, all_vectors | 0x4007FFFF};
constexpr CallingConvention apple_aarch64{aarch64_arguments, 0, 31, 29, all_vectors | 0x4007FFFF, 0, 0, true};

}  // namespace

std::size_t Decoder::decode_all(std::span<const std::uint8_t> bytes, std::size_t begins, std::uint64_t address,
                                std::vector<Instruction>& out) {
  std::size_t at = 0;
  while (at < std::min(begins, bytes.size())) {
    Instruction& instruction = out.emplace_back();
    if (!decode(bytes.subspan(at), address + at, instruction)) {
      out.pop_back();
      break;
    }
    at += instruction.size;
  }
  return at;
}

std::unique_ptr<Decoder> Decoder::create_plain(Machine machine) {
  if (machine == Machine::other) return nullptr;
  const Target& target = target_of(machine);
  if (target.target == nullptr) return nullptr;
  auto decoder = std::make_unique<LlvmDecoder>(target, machine);
  return decoder->usable() ? std::move(decoder) : nullptr;
}

std::unique_ptr<Decoder> Decoder::create(Machine machine) {
  std::unique_ptr<Decoder> decoder = create_plain(machine);
  if (decoder == nullptr) return nullptr;
  return machine == Machine::aarch64 ? remember_words(std::move(decoder)) : remember_bytes(std::move(decoder));
}

Decoder* Decoder::of_thread(Machine machine) {
  if (machine == Machine::other) return nullptr;
  thread_local std::unique_ptr<Decoder> of_x86, of_aarch64;
  std::unique_ptr<Decoder>& decoder = machine == Machine::aarch64 ? of_aarch64 : of_x86;
  if (decoder == nullptr) decoder = create(machine);
  return decoder.get();
}

void note_reach(Machine machine, Instruction& instruction) {
  const CallingConvention& convention = machine == Machine::aarch64 ? aarch64 : x86;
  const std::uint64_t both = register_bit(convention.stack_pointer) | register_bit(convention.frame_pointer);
  const bool moves = instruction.op == Op::push || instruction.op == Op::pop;
  instruction.names_frame = moves || ((registers_read(instruction) | registers_replaced(instruction)) & both) != 0;
  const bool leads = instruction.has_target || instruction.op == Op::call || instruction.op == Op::jump;
  const bool in_thread = instruction.has_memory && instruction.memory.segment;
  instruction.is_outward = leads || in_thread || instruction.names_address();
}

const CallingConvention& calling_convention(Machine machine, model::BinaryFormat format) {
  if (machine == Machine::aarch64) return format == model::BinaryFormat::macho ? apple_aarch64 : aarch64;
  return format == model::BinaryFormat::pe ? windows_x86 : x86;
}

}  // namespace isoaudit::analyzer
