#pragma once

#include <cstdint>

/// Machine instructions in the few words that the readers need, the same for every machine. What has no word here is
/// `other`: its writes to registers and memory are still told, its values are unknown.
namespace isoaudit::analyzer {

/// General registers are 0 to 31 (x86-64: hardware numbers, 4 is the stack pointer; AArch64: 31 is it), vector
/// registers 32 to 63.
using Register = std::uint8_t;
constexpr Register no_register = 0xFF;
/// Reads as zero: AArch64's xzr, where the other half of a pair is no zero.
constexpr Register zero_register = 0xFE;
constexpr Register first_vector = 32;
constexpr bool is_vector(Register number) { return number >= first_vector && number < 64; }

enum class Op : std::uint8_t {
  other,
  copy,              ///< dst = src or immediate
  address,           ///< dst = address of memory
  load,              ///< dst = memory (zero- or sign-extended)
  store,             ///< memory = src or immediate
  update,            ///< memory changes in a way that depends on its old value
  add,               ///< dst = src + immediate or src2 (the lowest `narrow` bytes of it, shifted to the left)
  align,             ///< dst = src & immediate
  choose,            ///< dst = src or src2 (or memory)
  compute,           ///< dst = something made of src and src2 (or memory)
  insert,            ///< sixteen bits of dst, at `shift`, become the immediate
  load_high,         ///< upper half of a vector = memory
  store_high,        ///< memory = upper half of a vector
  merge,             ///< upper half of dst = lower half (or the general register) src2, lower half = lower half of src
  spread,            ///< both halves of dst = src
  compare_exchange,  ///< memory = src when it equals register 0, which else takes it; flags say which
  exchange,          ///< memory and src change places
  store_exclusive,   ///< memory = src unless somebody else was there; dst = 0 when it was done
  compare_swap,      ///< memory = src when it equals dst, which takes what was there
  compare,           ///< flags = src (or memory) - src2 (or immediate)
  test,              ///< flags = src & src2 (or immediate)
  branch,            ///< to target when the flags fulfil `condition`
  branch_zero,       ///< to target when src, or its bits in immediate, are zero (condition 4) or not (condition 5)
  branch_other,      ///< to target, for a reason that is not followed
  jump,              ///< to target, to src or through memory
  call,              ///< target, src or through memory
  stop,              ///< nothing runs after it here: return, trap
  result,            ///< return
  push,
  pop,
  fill,        ///< memory at register 7 = register 0; with `repeats` the block from there on
  move_block,  ///< memory at register 7 = that at register 6; with `repeats` blocks of it
};

struct MemoryOperand {
  Register base = no_register;
  Register index = no_register;
  std::uint8_t scale = 1;
  /// Relative to a segment register: thread-local storage.
  bool segment = false;
  /// Added to the base register after the access.
  std::int32_t writeback = 0;
  /// With neither base nor index: the address itself.
  std::int64_t displacement = 0;

  bool operator==(const MemoryOperand&) const = default;
};

struct Instruction {
  std::uint64_t address = 0;
  std::uint64_t target = 0;
  std::int64_t immediate = 0;
  MemoryOperand memory{};
  /// Registers whose values are lost, beside dst: one bit each.
  std::uint64_t clobbers = 0;
  Op op = Op::other;
  std::uint8_t size = 0;
  /// Bytes that one access touches; 0 when not known.
  std::uint8_t width = 0;
  Register dst = no_register, src = no_register, src2 = no_register;
  /// x86-64's numbering: 4 equal, 5 not equal, ...
  std::uint8_t condition = 0;
  std::uint8_t shift = 0;
  /// Add: how many bytes of src2 count; 0 when all do. `sign_extends` says how they are made longer.
  std::uint8_t narrow = 0;
  /// Bits, since millions of instructions are gone through: eight words each.
  bool has_memory : 1 = false;
  bool has_target : 1 = false;
  bool has_immediate : 1 = false;
  bool writes_memory : 1 = false;
  bool atomic : 1 = false;
  bool sign_extends : 1 = false;
  /// Store: src2 goes to the `width` bytes after src's. Load: src2 is the register that takes the `width` bytes after
  /// dst's.
  bool pair : 1 = false;
  /// Call: nothing runs after it here.
  bool never_returns : 1 = false;
  /// As often as register 1 says, which is zero afterwards.
  bool repeats : 1 = false;
  /// It names the stack or the frame pointer, or moves the first: the only ones that have to do with the stack by
  /// themselves (see note_reach).
  bool names_frame : 1 = false;
  /// It calls or jumps, names an address, or touches thread-local memory: the only ones that lead out of a function or
  /// into the image's memory by themselves (see note_reach).
  bool is_outward : 1 = false;
  /// Call: the module's number for what is called; 0 when it has none (see ModuleCode).
  std::uint32_t callee = 0;

  bool operator==(const Instruction&) const = default;
  std::uint64_t next() const { return address + size; }
  bool ends_block() const { return op == Op::jump || op == Op::stop || op == Op::result || never_returns; }
  /// It touches, or forms, an address that it names without the help of registers, thread-local memory aside.
  bool names_address() const {
    return has_memory && memory.base == no_register && memory.index == no_register && !memory.segment;
  }
  /// src2 takes what lies behind dst's.
  bool loads_second() const { return op == Op::load && pair; }
  /// The register does not hold what it held any more.
  bool replaces(Register number) const;
  /// Values that it reads from memory or writes there, each of eight bytes or, of a pair of narrower ones, half.
  unsigned parts() const { return (width > 8 ? (width + 7u) / 8u : 1u) * (pair ? 2u : 1u); }
  /// Bytes that it reads from memory or writes there; 0 when not known.
  unsigned bytes() const { return width * (pair ? 2u : 1u); }
  /// A word that may be an object is put where it says.
  bool stores_word() const { return op == Op::store && width == 8; }
  bool is_branch() const { return op == Op::branch || op == Op::branch_zero || op == Op::branch_other; }
};
static_assert(sizeof(Instruction) == 64);

/// One bit for a register that instructions name; none for what is no register.
constexpr std::uint64_t register_bit(Register number) { return number < 64 ? std::uint64_t{1} << number : 0; }

/// Registers that x86-64's block moves and exchanges use without naming them.
constexpr std::uint64_t fixed_registers = register_bit(0) | register_bit(1) | register_bit(6) | register_bit(7);

/// Registers that an instruction reads, by name or as x86-64 does without.
inline std::uint64_t registers_read(const Instruction& instruction) {
  const std::uint64_t named = register_bit(instruction.src) | register_bit(instruction.src2) |
                              register_bit(instruction.memory.base) | register_bit(instruction.memory.index);
  const bool has_fixed =
      instruction.op == Op::fill || instruction.op == Op::move_block || instruction.op == Op::compare_exchange;
  return has_fixed ? named | fixed_registers : named;
}

/// Registers that hold another value behind it; of a call only what its instruction itself says.
inline std::uint64_t registers_replaced(const Instruction& instruction) {
  const Register second = instruction.loads_second() ? instruction.src2 : no_register;
  return instruction.clobbers | register_bit(instruction.dst) | register_bit(second);
}

inline bool Instruction::replaces(Register number) const {
  return (registers_replaced(*this) & register_bit(number)) != 0;
}

}  // namespace isoaudit::analyzer
