#include <string>
#include <string_view>
#include <unordered_map>

#include "analyzer/code/lift.h"

namespace isoaudit::analyzer {
namespace {

enum class Form : std::uint8_t {
  unknown,
  nothing,
  adrp,     // dst, page
  adr,      // dst, offset
  add_imm,  // dst, src, imm, shift
  sub_imm,
  thread_pointer,  // dst, system register
  add_registers,   // dst, src, src2
  add_shifted,     // dst, src, src2, shift
  add_extended,    // dst, src, src2, extension
  choose,          // dst, src, src2
  move,            // dst, zero, src, shift 0
  move_wide,       // dst, imm, shift
  move_not,        // dst, imm, shift
  keep,            // dst, src, imm, shift
  load,            // dst, base, imm * scale
  load_near,       // dst, base, imm
  load_plain,      // dst, base
  load_index,      // dst, base, index
  load_pair,       // dst, dst2, base, imm * scale
  load_literal,
  store,  // src, base, imm * scale
  store_near,
  store_index,
  store_pair,  // src, src2, base, imm * scale
  pre_store,   // base', src, base, imm
  pre_store_pair,
  post_store,
  post_store_pair,
  load_back,      // base', dst..., base, imm * scale
  load_back_one,  // base', dst, base, imm
  exclusive,      // dst, src, base
  compare_swap,   // dst, dst, src, base
  exchange,       // dst, src, base
  update_last,    // any operands, base last
  zero_vector,
  spread,
  insert_high,
  compare_imm,
  branch_if,
  branch_zero,
  branch_not_zero,
  branch_bit_clear,
  branch_bit_set,
  jump,
  jump_reg,
  call,
  call_reg,
  result,
  stop,
};

/// To how many bytes a load extends the sign of what it takes.
enum class Extends : std::uint8_t { nothing, four, eight };

struct Shape {
  Form form = Form::unknown;
  std::uint8_t width = 0;
  bool writes = false;
  bool reads = false;
  bool atomic = false;
  Extends extends = Extends::nothing;
};

std::unordered_map<std::string, Shape> known_names() {
  std::unordered_map<std::string, Shape> names;
  const auto add = [&](const std::string& name, Form form, unsigned width = 0, bool atomic = false) {
    names[name] = {form, static_cast<std::uint8_t>(width), false, false, atomic, Extends::nothing};
  };
  add("ADRP", Form::adrp), add("ADR", Form::adr), add("MRS", Form::thread_pointer, 8);
  add("ADDXrr", Form::add_registers), add("ADDXrs", Form::add_shifted);
  add("ADDXrx", Form::add_extended), add("ADDXrx64", Form::add_extended);
  for (const char* w : {"X", "W"}) {
    const std::string width(w);
    add("ADD" + width + "ri", Form::add_imm), add("SUB" + width + "ri", Form::sub_imm);
    add("ORR" + width + "rs", Form::move), add("MOVZ" + width + "i", Form::move_wide);
    add("MOVN" + width + "i", Form::move_not), add("MOVK" + width + "i", Form::keep);
    add("CSEL" + width + "r", Form::choose, w[0] == 'X' ? 8 : 4);
    add("SUBS" + width + "ri", Form::compare_imm);
    add("CBZ" + width, Form::branch_zero), add("CBNZ" + width, Form::branch_not_zero);
    add("TBZ" + width, Form::branch_bit_clear), add("TBNZ" + width, Form::branch_bit_set);
  }
  const std::pair<const char*, unsigned> kinds[] = {{"BB", 1}, {"HH", 2}, {"W", 4}, {"X", 8}, {"B", 1},
                                                    {"H", 2},  {"S", 4},  {"D", 8}, {"Q", 16}};
  for (const auto& [letter, bytes] : kinds) {
    const std::string l(letter);
    add("LDR" + l + "ui", Form::load, bytes), add("STR" + l + "ui", Form::store, bytes);
    add("LDUR" + l + "i", Form::load_near, bytes), add("STUR" + l + "i", Form::store_near, bytes);
    for (const char* index : {"roX", "roW"}) {
      add("LDR" + l + index, Form::load_index, bytes), add("STR" + l + index, Form::store_index, bytes);
    }
    add("STR" + l + "pre", Form::pre_store, bytes), add("STR" + l + "post", Form::post_store, bytes);
    add("STP" + l + "i", Form::store_pair, bytes), add("LDP" + l + "i", Form::load_pair, bytes);
    add("STP" + l + "pre", Form::pre_store_pair, bytes), add("STP" + l + "post", Form::post_store_pair, bytes);
    for (const char* order : {"pre", "post"}) {
      add("LDP" + l + order, Form::load_back, bytes), add("LDR" + l + order, Form::load_back_one, bytes);
    }
    // Release stores are ordered, and as plain as others for two writers.
    add("STLR" + l, Form::store_near, bytes);
    // So are acquiring loads: C++ reads the guards of local statics with them.
    for (const char* acquire : {"LDAR", "LDAPR"}) add(std::string(acquire) + l, Form::load_plain, bytes);
    add("LDAPUR" + l + "i", Form::load_near, bytes);
  }
  add("LDRXl", Form::load_literal, 8);
  const std::pair<const char*, unsigned> sizes[] = {{"B", 1}, {"H", 2}, {"W", 4}, {"X", 8}};
  for (const auto& [letter, bytes] : sizes) {
    for (const char* order : {"", "A", "L", "AL"}) {
      const std::string suffix = std::string(order) + letter;
      add("CAS" + suffix, Form::compare_swap, bytes), add("SWP" + suffix, Form::exchange, bytes);
    }
    add(std::string("LDXR") + letter, Form::load_plain, bytes);
    add(std::string("LDAXR") + letter, Form::load_plain, bytes);
    add(std::string("STXR") + letter, Form::exclusive, bytes);
    add(std::string("STLXR") + letter, Form::exclusive, bytes);
  }
  // To eight bytes; to four, the rest of the register is zero, and the value is not followed.
  const std::pair<const char*, unsigned> extending[] = {{"SBX", 1}, {"SHX", 2}, {"SW", 4}, {"SBW", 1}, {"SHW", 2}};
  for (const auto& [letters, bytes] : extending) {
    const std::string l(letters);
    add("LDR" + l + "ui", Form::load, bytes), add("LDUR" + l + "i", Form::load_near, bytes);
    for (const char* index : {"roX", "roW"}) add("LDR" + l + index, Form::load_index, bytes);
    for (const std::string& name : {"LDR" + l + "ui", "LDUR" + l + "i", "LDR" + l + "roX", "LDR" + l + "roW"}) {
      names[name].extends = l == "SBW" || l == "SHW" ? Extends::four : Extends::eight;
    }
  }
  for (const char* name : {"MOVIv2d_ns", "MOVIv16b_ns", "MOVIv4i32", "MOVID"}) add(name, Form::zero_vector, 16);
  add("DUPv2i64gpr", Form::spread, 16), add("INSvi64gpr", Form::insert_high, 8);
  add("Bcc", Form::branch_if), add("B", Form::jump), add("BR", Form::jump_reg), add("BL", Form::call);
  for (const char* name : {"BLR", "BLRAA", "BLRAAZ", "BLRAB", "BLRABZ"}) add(name, Form::call_reg);
  for (const char* name : {"RET", "RETAA", "RETAB"}) add(name, Form::result);
  for (const char* name : {"BRK", "UDF", "HLT"}) add(name, Form::stop);
  return names;
}

/// Load-exclusive/store-exclusive, compare-and-swap, swap and arithmetic in memory.
bool is_atomic(std::string_view name) {
  for (const char* start : {"STXR", "STLXR", "STXP", "STLXP", "CAS", "SWP", "LDADD", "LDSET", "LDCLR", "LDEOR",
                            "LDSMAX", "LDSMIN", "LDUMAX", "LDUMIN"}) {
    if (name.starts_with(start)) return true;
  }
  return false;
}

bool only_claims_to_store(std::string_view name) {
  for (const char* start : {"HINT", "DMB", "DSB", "ISB", "CLREX", "PRF", "MSR", "SYS", "BTI", "PACI", "AUTI", "LDXR",
                            "LDAXR", "LDXP", "LDAXP", "LDAR"}) {
    if (name.starts_with(start)) return true;
  }
  return false;
}

/// The system register that points to the thread's own memory (Arm ARM, TPIDR_EL0), as MRS encodes it.
constexpr std::int64_t tpidr_el0 = 0xde82;

/// AArch64's numbering of conditions into x86-64's.
constexpr std::uint8_t conditions[16] = {4, 5, 3, 2, 8, 9, 0, 1, 7, 6, 13, 12, 15, 14, 16, 16};

class Aarch64Lifter final : public Lifter {
 public:
  Aarch64Lifter(const llvm::MCInstrInfo& instructions, const llvm::MCRegisterInfo& registers)
      : Lifter(instructions, registers), shapes_(instructions.getNumOpcodes()) {
    for (unsigned number = 1; number < registers.getNumRegs(); ++number) {
      names_[number] = describe(registers.getName(number), registers.getEncodingValue(number));
    }
    const std::unordered_map<std::string, Shape> known = known_names();
    for (unsigned opcode = 0; opcode < instructions.getNumOpcodes(); ++opcode) {
      const std::string name = instructions.getName(opcode).str();
      const llvm::MCInstrDesc& description = instructions.get(opcode);
      Shape& shape = shapes_[opcode];
      if (const auto row = known.find(name); row != known.end()) shape = row->second;
      if (shape.form == Form::unknown && only_claims_to_store(name)) {
        shape.form = Form::nothing;
        continue;
      }
      shape.writes = description.mayStore() && !description.isCall();
      shape.reads = description.mayLoad();
      shape.atomic = is_atomic(name);
      if (shape.form == Form::unknown && shape.writes) shape.form = Form::update_last;
    }
  }

  void lift(const llvm::MCInst& raw, Instruction& out) const override {
    const Shape shape = shapes_[raw.getOpcode()];
    out.width = shape.width;
    out.atomic = shape.atomic;
    out.clobbers = written(raw);
    switch (shape.form) {
      case Form::unknown:
        if (!shape.reads) compute(raw, -1, out);
        return;
      case Form::nothing: return;
      case Form::adrp:
        return constant(raw, (out.address & ~0xFFFull) + (static_cast<std::uint64_t>(imm(raw, 1)) << 12), out);
      case Form::adr: return constant(raw, out.address + static_cast<std::uint64_t>(imm(raw, 1)), out);
      case Form::add_imm: return add(raw, imm(raw, 2) << imm(raw, 3), out);
      case Form::add_registers: return add_registers(raw, out);
      case Form::add_shifted:
        // Arm ARM, shifted registers: the kind of shift (0: to the left) above six bits of amount.
        if (imm(raw, 3) >= 64) return compute(raw, -1, out);
        add_registers(raw, out), out.shift = static_cast<std::uint8_t>(imm(raw, 3));
        return;
      case Form::add_extended: {
        // Extended registers: signed or not, and two bits of width, above three bits of shift.
        const auto kind = static_cast<unsigned>(imm(raw, 3)) >> 3;
        add_registers(raw, out), out.shift = static_cast<std::uint8_t>(imm(raw, 3) & 7);
        out.narrow = static_cast<std::uint8_t>((kind & 3) == 3 ? 0 : 1u << (kind & 3));
        out.sign_extends = (kind & 4) != 0;
        return;
      }
      case Form::choose:
        out.op = Op::choose, out.dst = reg(raw, 0).number, out.src = source(raw, 1), out.src2 = source(raw, 2);
        return;
      case Form::sub_imm: return add(raw, -(imm(raw, 2) << imm(raw, 3)), out);
      case Form::move:
        if (!reg(raw, 1).zero || imm(raw, 3) != 0) return compute(raw, -1, out);
        return copy(raw, 0, 2, out);
      case Form::move_wide: return number(raw, static_cast<std::uint64_t>(imm(raw, 1)) << imm(raw, 2), out);
      case Form::move_not: return number(raw, ~(static_cast<std::uint64_t>(imm(raw, 1)) << imm(raw, 2)), out);
      case Form::keep:
        out.op = Op::insert, out.dst = reg(raw, 0).number;
        out.has_immediate = true, out.immediate = imm(raw, 2), out.shift = static_cast<std::uint8_t>(imm(raw, 3));
        return;
      case Form::load: load(raw, 0, 1, imm(raw, 2) * shape.width, out); return extend(shape, out);
      case Form::load_plain: return load(raw, 0, 1, 0, out);
      case Form::load_near: load(raw, 0, 1, imm(raw, 2), out); return extend(shape, out);
      case Form::load_index:
        load(raw, 0, 1, 0, out);
        index(raw, shape, out);
        return extend(shape, out);
      case Form::load_pair:
        load(raw, 0, 2, imm(raw, 3) * shape.width, out);
        if (out.op == Op::load) out.src2 = reg(raw, 1).number, out.pair = true;
        return;
      case Form::load_literal:
        load(raw, 0, 63, 0, out);
        out.memory.displacement = static_cast<std::int64_t>(out.address + static_cast<std::uint64_t>(imm(raw, 1)) * 4);
        return;
      case Form::thread_pointer:
        if (imm(raw, 1) != tpidr_el0) return compute(raw, -1, out);
        out.op = Op::load, out.dst = reg(raw, 0).number, out.has_memory = true, out.memory.segment = true;
        return;
      case Form::store: return store(raw, 0, 1, imm(raw, 2) * shape.width, out);
      case Form::store_near: return store(raw, 0, 1, imm(raw, 2), out);
      case Form::store_index: store(raw, 0, 1, 0, out); return index(raw, shape, out);
      case Form::store_pair: return store_pair(raw, 0, 2, imm(raw, 3) * shape.width, out);
      case Form::pre_store: store(raw, 1, 2, imm(raw, 3), out); return write_back(imm(raw, 3), out);
      case Form::post_store: store(raw, 1, 2, 0, out); return write_back(imm(raw, 3), out);
      case Form::pre_store_pair:
        store_pair(raw, 1, 3, imm(raw, 4) * shape.width, out);
        return write_back(imm(raw, 4) * shape.width, out);
      case Form::post_store_pair: store_pair(raw, 1, 3, 0, out); return write_back(imm(raw, 4) * shape.width, out);
      case Form::load_back:
        // Restores registers: their values are not followed, the base's is.
        memory(raw, raw.getNumOperands() - 2, 0, out);
        return write_back(imm(raw, raw.getNumOperands() - 1) * shape.width, out);
      case Form::load_back_one: memory(raw, 2, 0, out); return write_back(imm(raw, 3), out);
      case Form::exclusive:
        store(raw, 1, 2, 0, out);
        out.op = Op::store_exclusive, out.dst = reg(raw, 0).number;
        return;
      case Form::compare_swap:
        store(raw, 2, 3, 0, out);
        out.op = Op::compare_swap, out.dst = reg(raw, 0).number;
        return;
      case Form::exchange:
        store(raw, 1, 2, 0, out);
        out.op = Op::exchange;
        return;
      case Form::update_last: return update(raw, shape, out);
      case Form::zero_vector:
        if (imm(raw, 1) != 0) return;
        out.op = Op::copy, out.dst = reg(raw, 0).number, out.has_immediate = true;
        return;
      case Form::spread: out.op = Op::spread, out.dst = reg(raw, 0).number, out.src = reg(raw, 1).number; return;
      case Form::insert_high:
        if (imm(raw, 2) != 1) return;
        out.op = Op::merge, out.dst = reg(raw, 0).number, out.src = out.dst, out.src2 = reg(raw, 3).number;
        return;
      case Form::compare_imm:
        if (!reg(raw, 0).zero) return add(raw, -(imm(raw, 2) << imm(raw, 3)), out);
        out.op = Op::compare, out.src = reg(raw, 1).number, out.has_immediate = true;
        out.immediate = imm(raw, 2) << imm(raw, 3), out.width = 8;
        return;
      case Form::branch_if: out.condition = conditions[imm(raw, 0) & 15]; return direct(Op::branch, raw, 1, out);
      case Form::branch_zero:
        out.condition = 4, out.src = reg(raw, 0).number;
        return direct(Op::branch_zero, raw, 1, out);
      case Form::branch_not_zero:
        out.condition = 5, out.src = reg(raw, 0).number;
        return direct(Op::branch_zero, raw, 1, out);
      case Form::branch_bit_clear:
      case Form::branch_bit_set:
        out.condition = shape.form == Form::branch_bit_clear ? 4 : 5, out.src = reg(raw, 0).number;
        out.has_immediate = true, out.immediate = static_cast<std::int64_t>(std::uint64_t{1} << (imm(raw, 1) & 63));
        return direct(Op::branch_zero, raw, 2, out);
      case Form::jump: return direct(Op::jump, raw, 0, out);
      case Form::call: out.clobbers = 0; return direct(Op::call, raw, 0, out);
      case Form::jump_reg: out.op = Op::jump, out.src = reg(raw, 0).number; return;
      case Form::call_reg: out.op = Op::call, out.src = reg(raw, 0).number; return;
      case Form::result: out.op = Op::result; return;
      case Form::stop: out.op = Op::stop; return;
    }
  }

 private:
  static RegisterName describe(std::string_view name, unsigned encoding) {
    if (name == "XZR" || name == "WZR") return {no_register, 8, true};
    if (name == "SP" || name == "WSP") return {31, 8, false};
    if (name == "FP") return {29, 8, false};
    if (name == "LR") return {30, 8, false};
    const bool plain = name.size() >= 2 && name.size() <= 3 &&
                       name.substr(1).find_first_not_of("0123456789") == std::string_view::npos;
    if (!plain) return {};
    const auto number = static_cast<Register>(encoding & 31);
    switch (name[0]) {
      case 'X': return {number, 8, false};
      case 'W': return {number, 4, false};
      case 'Q': return {static_cast<Register>(first_vector + number), 16, false};
      case 'D': return {static_cast<Register>(first_vector + number), 8, false};
      case 'S': return {static_cast<Register>(first_vector + number), 4, false};
      case 'H': return {static_cast<Register>(first_vector + number), 2, false};
      case 'B': return {static_cast<Register>(first_vector + number), 1, false};
      default: return {};
    }
  }

  void constant(const llvm::MCInst& raw, std::uint64_t address, Instruction& out) const {
    out.op = Op::address, out.dst = reg(raw, 0).number;
    out.has_memory = true;
    out.memory.displacement = static_cast<std::int64_t>(address);
  }

  void number(const llvm::MCInst& raw, std::uint64_t value, Instruction& out) const {
    const RegisterName to = reg(raw, 0);
    out.op = Op::copy, out.dst = to.number, out.has_immediate = true;
    out.immediate = static_cast<std::int64_t>(to.width == 4 ? value & 0xFFFFFFFF : value);
  }

  void add(const llvm::MCInst& raw, std::int64_t value, Instruction& out) const {
    const RegisterName to = reg(raw, 0);
    out.op = Op::add, out.dst = to.number, out.src = reg(raw, 1).number;
    out.width = to.width;
    out.has_immediate = true, out.immediate = value;
  }

  Register source(const llvm::MCInst& raw, unsigned operand) const {
    const RegisterName from = reg(raw, operand);
    return from.zero ? zero_register : from.number;
  }

  void copy(const llvm::MCInst& raw, unsigned dst, unsigned src, Instruction& out) const {
    out.op = Op::copy, out.dst = reg(raw, dst).number;
    const RegisterName from = reg(raw, src);
    out.src = from.number;
    out.width = from.width;
    if (from.zero) out.has_immediate = true;
  }

  void memory(const llvm::MCInst& raw, unsigned base, std::int64_t offset, Instruction& out) const {
    out.has_memory = true;
    out.memory.base = reg(raw, base).number;
    out.memory.displacement = offset;
  }

  /// base, index, whether it is extended with its sign, whether it is counted in elements
  void index(const llvm::MCInst& raw, const Shape& shape, Instruction& out) const {
    out.memory.index = reg(raw, 2).number;
    if (imm(raw, 4) != 0) out.memory.scale = shape.width;
  }

  void add_registers(const llvm::MCInst& raw, Instruction& out) const {
    out.op = Op::add, out.dst = reg(raw, 0).number, out.src = reg(raw, 1).number, out.src2 = reg(raw, 2).number;
    out.width = 8;
  }

  void load(const llvm::MCInst& raw, unsigned dst, unsigned base, std::int64_t offset, Instruction& out) const {
    memory(raw, base, offset, out);
    out.op = Op::load, out.dst = reg(raw, dst).number;
    if (out.dst == no_register) out.op = Op::other;
  }

  static void extend(const Shape& shape, Instruction& out) {
    out.sign_extends = shape.extends != Extends::nothing;
    if (shape.extends == Extends::four) out.op = Op::other, out.dst = no_register;
  }

  void store(const llvm::MCInst& raw, unsigned src, unsigned base, std::int64_t offset, Instruction& out) const {
    memory(raw, base, offset, out);
    out.op = Op::store, out.writes_memory = true;
    const RegisterName from = reg(raw, src);
    out.src = from.number;
    if (from.zero) out.has_immediate = true;
  }

  void store_pair(const llvm::MCInst& raw, unsigned src, unsigned base, std::int64_t offset, Instruction& out) const {
    store(raw, src, base, offset, out);
    out.src2 = reg(raw, src + 1).number;
    if (const bool second_is_zero = reg(raw, src + 1).zero; out.has_immediate != second_is_zero) {
      (second_is_zero ? out.src2 : out.src) = zero_register;
      out.has_immediate = false;
    }
    out.pair = true;
  }

  static void write_back(std::int64_t offset, Instruction& out) {
    out.memory.writeback = static_cast<std::int32_t>(offset);
    if (out.memory.base < 64) out.clobbers &= ~(std::uint64_t{1} << out.memory.base);
  }

  void update(const llvm::MCInst& raw, const Shape& shape, Instruction& out) const {
    out.op = shape.reads ? Op::update : Op::store;
    for (unsigned i = raw.getNumOperands(); i-- > 0;) {
      const RegisterName base = reg(raw, i);
      if (base.width != 8 || base.number >= first_vector) continue;
      memory(raw, i, 0, out);
      out.writes_memory = true;
      return;
    }
  }

  static void direct(Op op, const llvm::MCInst& raw, unsigned operand, Instruction& out) {
    out.op = op;
    out.has_target = true;
    out.target = out.address + static_cast<std::uint64_t>(imm(raw, operand) * 4);
  }

  std::vector<Shape> shapes_;
};

}  // namespace

std::unique_ptr<Lifter> make_aarch64_lifter(const llvm::MCInstrInfo& instructions,
                                            const llvm::MCRegisterInfo& registers) {
  return std::make_unique<Aarch64Lifter>(instructions, registers);
}

}  // namespace isoaudit::analyzer
