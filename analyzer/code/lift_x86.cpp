#include <string>
#include <string_view>
#include <unordered_map>

#include "analyzer/code/lift.h"

namespace isoaudit::analyzer {
namespace {

/// How an instruction's operands are laid out, and which word of ours it is.
enum class Form : std::uint8_t {
  unknown,
  nothing,      // has a memory operand that it does not access
  copy,         // dst, src
  copy_imm,     // dst, imm
  load,         // dst, mem
  load_signed,  // dst, mem
  store,        // mem, src
  store_imm,    // mem, imm
  lea,          // dst, mem
  add,          // dst, src, src2
  add_imm,      // dst, src, imm
  sub_imm,      // dst, src, imm
  and_imm,      // dst, src, imm
  add_own,      // imm; dst and src are the accumulator
  sub_own,      // imm
  choose,       // dst, src, src2
  choose_mem,   // dst, src, mem
  zero,         // dst, a, b: zero when a is b
  compare,      // a, b
  compare_imm,  // a, imm
  compare_mem_imm,
  compare_mem,   // mem, b
  compare_load,  // a, mem
  test,
  test_imm,
  compare_own,  // imm
  test_own,     // imm
  jcc,
  jump,
  jump_mem,
  jump_reg,
  call,
  call_mem,
  call_reg,
  result,
  stop,
  push,
  push_imm,
  push_mem,
  pop,
  leave,
  load_high,    // dst, src, mem
  store_high,   // mem, src
  merge,        // dst, src, src2
  insert_high,  // dst, src, gpr, imm 1
  insert_high_mem,
  and_mem_imm,  // mem, imm
  or_mem_imm,
  or_imm,            // dst, src, imm
  compare_exchange,  // mem, src
  exchange,          // dst, src, mem
  fill,
  move_block,
  lock,
};

struct Shape {
  Form form = Form::unknown;
  std::uint8_t width = 0;
  /// Operand where a memory reference of five operands begins; -1 for none.
  std::int8_t memory = -1;
  bool writes = false;
  bool reads = false;
};

std::unordered_map<std::string, Shape> known_names() {
  std::unordered_map<std::string, Shape> names;
  const auto add = [&](const std::string& name, Form form, unsigned width) {
    names[name] = {form, static_cast<std::uint8_t>(width), -1, false, false};
  };
  for (const unsigned bits : {8u, 16u, 32u, 64u}) {
    const std::string w = std::to_string(bits);
    const unsigned bytes = bits / 8;
    for (const char* suffix : {"rr", "rr_REV"}) {
      add("MOV" + w + suffix, Form::copy, bytes);
      add("XOR" + w + suffix, Form::zero, bytes);
      add("SUB" + w + suffix, Form::zero, bytes);
      add("CMP" + w + suffix, Form::compare, bytes);
    }
    add("TEST" + w + "rr", Form::test, bytes);
    add("CMOV" + w + "rr", Form::choose, bytes), add("CMOV" + w + "rm", Form::choose_mem, bytes);
    for (const char* suffix : {"rr", "rr_REV"}) add("ADD" + w + suffix, Form::add, bytes);
    for (const char* suffix : {"ri", "ri32", "ri_alt"}) add("MOV" + w + suffix, Form::copy_imm, bytes);
    add("MOV" + w + "rm", Form::load, bytes);
    add("MOV" + w + "mr", Form::store, bytes);
    add("MOVNTI" + (bits == 64 ? std::string("_64") : std::string()) + "mr", Form::store, bits == 64 ? 8 : 4);
    for (const char* suffix : {"mi", "mi32"}) add("MOV" + w + suffix, Form::store_imm, bytes);
    for (const char* suffix : {"ri", "ri8", "ri32"}) {
      add("ADD" + w + suffix, Form::add_imm, bytes);
      add("SUB" + w + suffix, Form::sub_imm, bytes);
      add("AND" + w + suffix, Form::and_imm, bytes);
      add("OR" + w + suffix, Form::or_imm, bytes);
      add("CMP" + w + suffix, Form::compare_imm, bytes);
      add("TEST" + w + suffix, Form::test_imm, bytes);
    }
    // The short ways of writing the same for the accumulator.
    const std::string own = w + "i" + (bits == 64 ? "32" : w);
    add("ADD" + own, Form::add_own, bytes), add("SUB" + own, Form::sub_own, bytes);
    add("CMP" + own, Form::compare_own, bytes), add("TEST" + own, Form::test_own, bytes);
    for (const char* suffix : {"mi", "mi8", "mi32"}) {
      add("CMP" + w + suffix, Form::compare_mem_imm, bytes);
      add("AND" + w + suffix, Form::and_mem_imm, bytes);
      add("OR" + w + suffix, Form::or_mem_imm, bytes);
    }
    add("CMP" + w + "mr", Form::compare_mem, bytes);
    add("CMP" + w + "rm", Form::compare_load, bytes);
    add("CMPXCHG" + w + "rm", Form::compare_exchange, bytes);
    add("XCHG" + w + "rm", Form::exchange, bytes);
    for (const unsigned to : {16u, 32u, 64u}) {
      add("MOVZX" + std::to_string(to) + "rm" + w, Form::load, bytes);
      add("MOVSX" + std::to_string(to) + "rm" + w, Form::load_signed, bytes);
    }
  }
  for (const char* kind : {"MOVAPS", "MOVUPS", "MOVAPD", "MOVUPD", "MOVDQA", "MOVDQU"}) {
    for (const char* encoding : {"", "V"}) {
      const std::string base = std::string(encoding) + kind;
      for (const char* suffix : {"rr", "rr_REV"}) add(base + suffix, Form::copy, 16);
      add(base + "rm", Form::load, 16);
      add(base + "mr", Form::store, 16);
      add(base + "Yrm", Form::unknown, 32);
      add(base + "Ymr", Form::unknown, 32);
    }
  }
  for (const char* name : {"XORPSrr", "XORPDrr", "PXORrr", "VXORPSrr", "VXORPDrr", "VPXORrr"})
    add(name, Form::zero, 16);
  for (const char* name : {"MOV64toPQIrr", "VMOV64toPQIrr"}) add(name, Form::copy, 8);
  for (const char* name : {"MOVPQIto64rr", "VMOVPQIto64rr"}) add(name, Form::copy, 8);
  for (const char* name : {"MOVQI2PQIrm", "VMOVQI2PQIrm", "MOVSDrm", "VMOVSDrm"}) add(name, Form::load, 8);
  for (const char* name : {"MOVDI2PDIrm", "VMOVDI2PDIrm", "MOVSSrm", "VMOVSSrm"}) add(name, Form::load, 4);
  for (const char* name :
       {"MOVPQI2QImr", "VMOVPQI2QImr", "MOVSDmr", "VMOVSDmr", "MOVLPSmr", "VMOVLPSmr", "MOVLPDmr", "VMOVLPDmr"}) {
    add(name, Form::store, 8);
  }
  for (const char* name : {"MOVPDI2DImr", "VMOVPDI2DImr", "MOVSSmr", "VMOVSSmr"}) add(name, Form::store, 4);
  for (const char* name : {"MOVHPSmr", "VMOVHPSmr", "MOVHPDmr", "VMOVHPDmr"}) add(name, Form::store_high, 8);
  for (const char* name : {"MOVHPSrm", "VMOVHPSrm", "MOVHPDrm", "VMOVHPDrm"}) add(name, Form::load_high, 8);
  for (const char* name : {"PUNPCKLQDQrr", "VPUNPCKLQDQrr", "MOVLHPSrr", "VMOVLHPSrr", "UNPCKLPDrr", "VUNPCKLPDrr"}) {
    add(name, Form::merge, 16);
  }
  for (const char* name : {"PINSRQrr", "VPINSRQrr"}) add(name, Form::insert_high, 8);
  for (const char* name : {"PINSRQrm", "VPINSRQrm"}) add(name, Form::insert_high_mem, 8);
  for (const char* name : {"LEA64r", "LEA64_32r", "LEA32r"}) add(name, Form::lea, 8);
  for (const char* name : {"JCC_1", "JCC_2", "JCC_4"}) add(name, Form::jcc, 0);
  for (const char* name : {"JMP_1", "JMP_2", "JMP_4"}) add(name, Form::jump, 0);
  for (const char* name : {"JMP64m", "JMP64m_NT", "JMP64m_REX"}) add(name, Form::jump_mem, 8);
  for (const char* name : {"JMP64r", "JMP64r_NT", "JMP64r_REX"}) add(name, Form::jump_reg, 8);
  add("CALL64pcrel32", Form::call, 0);
  for (const char* name : {"CALL64m", "CALL64m_NT"}) add(name, Form::call_mem, 8);
  for (const char* name : {"CALL64r", "CALL64r_NT"}) add(name, Form::call_reg, 8);
  for (const char* name : {"RET64", "RETI64"}) add(name, Form::result, 0);
  for (const char* name : {"TRAP", "HLT", "INT3", "UD1Lm", "UD2"}) add(name, Form::stop, 0);
  add("PUSH64r", Form::push, 8);
  for (const char* name : {"PUSH64i8", "PUSH64i32"}) add(name, Form::push_imm, 8);
  add("PUSH64rmm", Form::push_mem, 8);
  add("POP64r", Form::pop, 8);
  add("LEAVE64", Form::leave, 8);
  const std::pair<const char*, unsigned> blocks[] = {{"B", 1}, {"W", 2}, {"L", 4}, {"Q", 8}};
  for (const auto& [letter, bytes] : blocks) {
    add(std::string("STOS") + letter, Form::fill, bytes);
    add(std::string("MOVS") + letter, Form::move_block, bytes);
  }
  add("LOCK_PREFIX", Form::lock, 0);
  return names;
}

/// Claims to store so that nothing moves across it, but touches no memory.
bool only_claims_to_store(std::string_view name) {
  for (const char* start :
       {"PREFETCH", "NOOP", "CLFLUSH", "CLWB", "CLDEMOTE", "INVLPG", "LFENCE", "MFENCE", "SFENCE"}) {
    if (name.starts_with(start)) return true;
  }
  return false;
}

/// "ADD32mi8" → 4, "VMOVUPSYmr" → 32, "SETCCm" → 1; 0 when the name does not say.
unsigned width_in_name(std::string_view name) {
  if (name.starts_with("SETCC")) return 1;
  const std::size_t digit = name.find_first_of("123456789");
  if (digit != std::string_view::npos) {
    if (name.substr(digit).starts_with("8")) return 1;
    if (name.substr(digit).starts_with("16B")) return 16;
    if (name.substr(digit).starts_with("16")) return 2;
    if (name.substr(digit).starts_with("32")) return 4;
    if (name.substr(digit).starts_with("64")) return 8;
  }
  return 0;
}

class X86Lifter final : public Lifter {
 public:
  X86Lifter(const llvm::MCInstrInfo& instructions, const llvm::MCRegisterInfo& registers)
      : Lifter(instructions, registers), shapes_(instructions.getNumOpcodes()) {
    for (unsigned number = 1; number < registers.getNumRegs(); ++number) {
      names_[number] = describe(registers.getName(number), registers.getEncodingValue(number));
      if (std::string_view(registers.getName(number)) == "RIP") rip_ = number;
    }
    const std::unordered_map<std::string, Shape> known = known_names();
    for (unsigned opcode = 0; opcode < instructions.getNumOpcodes(); ++opcode) {
      const std::string name = instructions.getName(opcode).str();
      Shape& shape = shapes_[opcode];
      const llvm::MCInstrDesc& description = instructions.get(opcode);
      if (const auto row = known.find(name); row != known.end()) shape = row->second;
      const auto operands = description.operands();
      for (unsigned i = 0; i + 4 < operands.size(); ++i) {
        if (operands[i].OperandType != llvm::MCOI::OPERAND_MEMORY) continue;
        shape.memory = static_cast<std::int8_t>(i);
        break;
      }
      // LLVM does not call the operand of an address computation memory.
      if (shape.form == Form::lea) shape.memory = 1;
      if (only_claims_to_store(name)) {
        shape.form = Form::nothing;
        continue;
      }
      shape.writes = description.mayStore() && shape.memory >= 0 && !description.isCall();
      shape.reads = description.mayLoad() && shape.memory >= 0;
      if (shape.width == 0 && (shape.reads || shape.writes))
        shape.width = static_cast<std::uint8_t>(width_in_name(name));
    }
  }

  void lift(const llvm::MCInst& raw, Instruction& out) const override {
    const Shape shape = shapes_[raw.getOpcode()];
    out.width = shape.width;
    if (shape.memory >= 0 && shape.form != Form::nothing) {
      const auto first = static_cast<unsigned>(shape.memory);
      if (raw.getNumOperands() < first + 5 || !read_memory(raw, first, out)) return unknown(raw, shape, out);
    }
    switch (shape.form) {
      case Form::nothing: return;
      case Form::copy: return take(Op::copy, raw, 0, 1, out);
      case Form::copy_imm: return take_imm(Op::copy, raw, 0, 0, 1, out);
      case Form::load: return take(Op::load, raw, 0, 0, out);
      case Form::load_signed: out.sign_extends = true; return take(Op::load, raw, 0, 0, out);
      case Form::store: return store(Op::store, raw, 5, out);
      case Form::store_high: return store(Op::store_high, raw, 5, out);
      case Form::store_imm:
        out.op = Op::store, out.writes_memory = true;
        out.immediate = imm(raw, 5), out.has_immediate = true;
        return;
      case Form::lea: return take(Op::address, raw, 0, 0, out);
      case Form::add: take(Op::add, raw, 0, 1, out), out.src2 = reg(raw, 2).number; return;
      case Form::add_imm: return take_imm(Op::add, raw, 0, 1, 2, out);
      case Form::sub_imm: take_imm(Op::add, raw, 0, 1, 2, out), out.immediate = -out.immediate; return;
      case Form::and_imm: return take_imm(Op::align, raw, 0, 1, 2, out);
      case Form::add_own: return own_imm(Op::add, imm(raw, 0), raw, out);
      case Form::sub_own: return own_imm(Op::add, -imm(raw, 0), raw, out);
      case Form::choose: take(Op::choose, raw, 0, 1, out), out.src2 = reg(raw, 2).number; return;
      case Form::choose_mem: return take(Op::choose, raw, 0, 1, out);
      case Form::zero:
        if (reg(raw, 1).number != reg(raw, 2).number) return unknown(raw, shape, out);
        out.op = Op::copy, out.dst = reg(raw, 0).number;
        out.has_immediate = true;
        return;
      // Short ways of writing 0 and -1 when optimised for size.
      case Form::and_mem_imm: return imm(raw, 5) == 0 ? store_number(0, out) : unknown(raw, shape, out);
      case Form::or_mem_imm: return imm(raw, 5) == -1 ? store_number(-1, out) : unknown(raw, shape, out);
      case Form::or_imm:
        if (imm(raw, 2) != -1) return unknown(raw, shape, out);
        return take_imm(Op::copy, raw, 0, 0, 2, out);
      case Form::compare: return flags(Op::compare, raw, 0, 1, false, out);
      case Form::compare_imm: return flags(Op::compare, raw, 0, 1, true, out);
      case Form::compare_mem_imm: return flags(Op::compare, raw, 5, 5, true, out), void(out.src = no_register);
      case Form::compare_mem: return flags(Op::compare, raw, 5, 5, false, out), void(out.src = no_register);
      case Form::compare_load:
        flags(Op::compare, raw, 0, 0, false, out);
        out.src2 = no_register;
        return;
      case Form::test: return flags(Op::test, raw, 0, 1, false, out);
      case Form::test_imm: return flags(Op::test, raw, 0, 1, true, out);
      case Form::compare_own: return own_imm(Op::compare, imm(raw, 0), raw, out);
      case Form::test_own: return own_imm(Op::test, imm(raw, 0), raw, out);
      case Form::jcc: out.condition = static_cast<std::uint8_t>(imm(raw, 1)); return direct(Op::branch, raw, out);
      case Form::jump: return direct(Op::jump, raw, out);
      case Form::call: return direct(Op::call, raw, out);
      case Form::jump_mem: out.op = Op::jump; return;
      case Form::call_mem: out.op = Op::call; return;
      case Form::jump_reg: out.op = Op::jump, out.src = reg(raw, 0).number; return;
      case Form::call_reg: out.op = Op::call, out.src = reg(raw, 0).number; return;
      case Form::result: out.op = Op::result; return;
      case Form::stop: out.op = Op::stop, out.has_memory = false; return;
      case Form::push: out.op = Op::push, out.src = reg(raw, 0).number; return;
      case Form::push_imm: out.op = Op::push, out.has_immediate = true, out.immediate = imm(raw, 0); return;
      case Form::push_mem: out.op = Op::push; return;
      case Form::pop: out.op = Op::pop, out.dst = reg(raw, 0).number; return;
      case Form::leave: out.clobbers = written(raw); return;
      case Form::load_high: return take(Op::load_high, raw, 0, 1, out);
      case Form::merge: take(Op::merge, raw, 0, 1, out), out.src2 = reg(raw, 2).number; return;
      case Form::insert_high:
        if (imm(raw, 3) != 1) return unknown(raw, shape, out);
        take(Op::merge, raw, 0, 1, out), out.src2 = reg(raw, 2).number;
        return;
      case Form::insert_high_mem:
        if (imm(raw, 7) != 1) return unknown(raw, shape, out);
        return take(Op::load_high, raw, 0, 1, out);
      case Form::exchange:
        out.op = Op::exchange, out.writes_memory = true, out.atomic = true;
        out.src = reg(raw, 0).number;
        out.clobbers = written(raw);
        return;
      case Form::compare_exchange:
        store(Op::compare_exchange, raw, 5, out);
        out.clobbers = written(raw);
        return;
      case Form::fill: return block(Op::fill, raw, out);
      case Form::move_block: return block(Op::move_block, raw, out);
      case Form::lock: out.op = Op::other, out.atomic = true; return;
      case Form::unknown: return unknown(raw, shape, out);
    }
  }

 private:
  static RegisterName describe(std::string_view name, unsigned encoding) {
    if (name.starts_with("XMM") || name.starts_with("YMM") || name.starts_with("ZMM")) {
      const std::uint8_t width = name[0] == 'X' ? 16 : name[0] == 'Y' ? 32 : 64;
      return {static_cast<Register>(first_vector + (encoding & 31)), width, false};
    }
    struct Row {
      std::string_view name;
      Register number;
      std::uint8_t width;
    };
    static constexpr Row rows[] = {
        {"RAX", 0, 8}, {"EAX", 0, 4}, {"AX", 0, 2},  {"AL", 0, 1},  {"AH", 0, 0},  {"RCX", 1, 8},
        {"ECX", 1, 4}, {"CX", 1, 2},  {"CL", 1, 1},  {"CH", 1, 0},  {"RDX", 2, 8}, {"EDX", 2, 4},
        {"DX", 2, 2},  {"DL", 2, 1},  {"DH", 2, 0},  {"RBX", 3, 8}, {"EBX", 3, 4}, {"BX", 3, 2},
        {"BL", 3, 1},  {"BH", 3, 0},  {"RSP", 4, 8}, {"ESP", 4, 4}, {"SP", 4, 2},  {"SPL", 4, 1},
        {"RBP", 5, 8}, {"EBP", 5, 4}, {"BP", 5, 2},  {"BPL", 5, 1}, {"RSI", 6, 8}, {"ESI", 6, 4},
        {"SI", 6, 2},  {"SIL", 6, 1}, {"RDI", 7, 8}, {"EDI", 7, 4}, {"DI", 7, 2},  {"DIL", 7, 1}};
    for (const Row& row : rows) {
      if (row.name == name) return {row.number, row.width, false};
    }
    // R8, R8D, R8W, R8B ...
    if (name.size() >= 2 && name[0] == 'R' && name[1] >= '0' && name[1] <= '9') {
      const std::uint8_t width = name.back() == 'D' ? 4 : name.back() == 'W' ? 2 : name.back() == 'B' ? 1 : 8;
      return {static_cast<Register>(encoding & 31), width, false};
    }
    return {};
  }

  bool read_memory(const llvm::MCInst& raw, unsigned first, Instruction& out) const {
    if (!raw.getOperand(first + 3).isImm()) return false;
    out.has_memory = true;
    out.memory.displacement = imm(raw, first + 3);
    const unsigned base = raw.getOperand(first).getReg();
    if (base == rip_ && base != 0) {
      // Addresses wrap as the machine's do: a hostile image may lie at the end of them.
      out.memory.displacement =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(out.memory.displacement) + out.next());
    } else {
      out.memory.base = name_of(base).number;
    }
    out.memory.scale = static_cast<std::uint8_t>(imm(raw, first + 1));
    out.memory.index = reg(raw, first + 2).number;
    // fs and gs point to the thread; the others to nothing of their own.
    const unsigned segment = raw.getOperand(first + 4).getReg();
    out.memory.segment =
        segment != 0 && (registers_.getEncodingValue(segment) == 4 || registers_.getEncodingValue(segment) == 5);
    return true;
  }

  void unknown(const llvm::MCInst& raw, const Shape& shape, Instruction& out) const {
    out.op = shape.writes && shape.reads ? Op::update : shape.writes ? Op::store : Op::other;
    out.writes_memory = shape.writes && out.has_memory;
    out.clobbers = written(raw);
    if (!shape.writes) compute(raw, shape.memory, out);
  }

  void take(Op op, const llvm::MCInst& raw, unsigned dst, unsigned src, Instruction& out) const {
    const RegisterName to = reg(raw, dst), from = reg(raw, src);
    // A part of a register: what the whole then holds is not followed.
    if (to.number < first_vector && (op == Op::copy || op == Op::add || op == Op::choose) && to.width < 4) {
      out.op = Op::other, out.clobbers = written(raw);
      return;
    }
    if (to.number < first_vector && op == Op::load && to.width < 4) {
      out.clobbers = written(raw);
      return;
    }
    out.op = op;
    out.dst = to.number;
    out.src = from.number;
  }

  void take_imm(Op op, const llvm::MCInst& raw, unsigned dst, unsigned src, unsigned value, Instruction& out) const {
    const RegisterName to = reg(raw, dst);
    out.has_immediate = true;
    out.immediate = imm(raw, value);
    const bool byte = op == Op::copy && to.width == 1;
    if (to.width < 4 && !byte) {
      out.op = Op::other, out.clobbers = written(raw);
      return;
    }
    if (to.width == 4 && op == Op::copy) out.immediate &= 0xFFFFFFFF;
    out.op = op;
    out.dst = to.number;
    out.src = op == Op::copy ? no_register : reg(raw, src).number;
  }

  void store(Op op, const llvm::MCInst& raw, unsigned src, Instruction& out) const {
    out.op = op, out.writes_memory = true;
    out.src = reg(raw, src).number;
  }

  static void store_number(std::int64_t value, Instruction& out) {
    out.op = Op::store, out.writes_memory = true;
    out.has_immediate = true, out.immediate = value;
  }

  /// Of the accumulator and a number.
  void own_imm(Op op, std::int64_t value, const llvm::MCInst& raw, Instruction& out) const {
    constexpr Register accumulator = 0;
    if (op == Op::add && out.width < 4) {
      out.op = Op::other, out.clobbers = written(raw);
      return;
    }
    out.op = op, out.src = accumulator;
    if (op == Op::add) out.dst = accumulator;
    out.has_immediate = true, out.immediate = value;
  }

  void flags(Op op, const llvm::MCInst& raw, unsigned first, unsigned second, bool immediate, Instruction& out) const {
    out.op = op;
    out.src = reg(raw, first).number;
    if (immediate) {
      out.has_immediate = true, out.immediate = imm(raw, second);
    } else {
      out.src2 = reg(raw, second).number;
    }
  }

  static void direct(Op op, const llvm::MCInst& raw, Instruction& out) {
    out.op = op;
    out.has_target = true;
    out.target = out.next() + static_cast<std::uint64_t>(imm(raw, 0));
  }

  void block(Op op, const llvm::MCInst& raw, Instruction& out) const {
    // LLVM's X86BaseInfo.h, which is not installed: IP_HAS_REPEAT_NE, IP_HAS_REPEAT.
    constexpr unsigned repeat_prefixes = 4 | 8;
    out.op = op, out.writes_memory = true;
    out.repeats = (raw.getFlags() & repeat_prefixes) != 0;
    out.clobbers = written(raw) | (std::uint64_t{1} << 7);
    if (out.repeats) out.clobbers |= std::uint64_t{1} << 1;
    if (op == Op::move_block) out.clobbers |= std::uint64_t{1} << 6;
  }

  std::vector<Shape> shapes_;
  unsigned rip_ = 0;
};

}  // namespace

std::unique_ptr<Lifter> make_x86_lifter(const llvm::MCInstrInfo& instructions, const llvm::MCRegisterInfo& registers) {
  return std::make_unique<X86Lifter>(instructions, registers);
}

}  // namespace isoaudit::analyzer
