#include "analyzer/code/call_targets.h"

#include "analyzer/code/evaluator.h"

namespace isoaudit::analyzer {
namespace {

/// endbr64, jmp; adrp, ldr, add, br: a stub has no more.
constexpr int longest_stub = 5;

std::uint64_t touched(const Instruction& instruction) {
  return instruction.clobbers | (instruction.dst < 64 ? std::uint64_t{1} << instruction.dst : 0);
}

/// The registers that the ABIs leave to stubs: r11; x16 and x17.
std::uint64_t scratch(Machine machine) { return machine == Machine::aarch64 ? 0x30000 : 0x800; }

}  // namespace

const CallTargets::Target& CallTargets::target_at(std::uint64_t address) {
  const auto [place, fresh] = known_.try_emplace(address);
  if (fresh) place->second = follow(address);
  return place->second;
}

std::string CallTargets::name_at(std::uint64_t address) {
  if (const std::string& import = import_at(address); !import.empty()) return import;
  const Symbol* symbol = image_.symbol_at(address);
  return symbol != nullptr && symbol->address == address ? symbol->name : std::string();
}

/// A thunk that changes an argument on its way is a function of its own.
bool CallTargets::stands_in_stub(const Instruction& instruction) const {
  if (instruction.op == Op::jump) return !instruction.has_target;
  if (instruction.op == Op::call || instruction.is_branch() || instruction.ends_block()) return false;
  return !instruction.writes_memory && (touched(instruction) & ~scratch(image_.machine)) == 0;
}

bool CallTargets::decode(std::uint64_t address, Instruction& instruction) {
  const Section* section = image_.section_at(address);
  if (section == nullptr || !section->executable || address - section->address >= section->bytes.size()) return false;
  return decoder_.decode(section->bytes.subspan(address - section->address), address, instruction);
}

CallTargets::Target CallTargets::follow(std::uint64_t address) {
  Instruction instruction;
  // Nearly all are functions, and begin like one.
  if (!decode(address, instruction) || !stands_in_stub(instruction)) return {};
  Names names;
  const Evaluator evaluator(image_, names);
  State state;
  // The pointer may be bound late: the table is then writable, and what the loader will put there is what counts.
  const Memory memory(image_);
  for (int i = 0; i < longest_stub; ++i) {
    if (i > 0 && (!decode(address, instruction) || !stands_in_stub(instruction))) return {};
    if (instruction.op == Op::jump) {
      const Value target = instruction.has_memory
                               ? evaluator.load(state, evaluator.place(state, instruction.memory), 8, &memory)
                               : evaluator.register_value(state, instruction.src);
      if (target.kind == Value::Kind::address) return {0, target.bits};
      if (target.kind != Value::Kind::import) return {};
      imports_.push_back(names.text(target.name));
      return {static_cast<std::uint32_t>(imports_.size() - 1), 0};
    }
    evaluator.step(state, instruction, &memory, nullptr);
    address = instruction.next();
  }
  return {};
}

}  // namespace isoaudit::analyzer
