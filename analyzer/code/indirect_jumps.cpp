#include "analyzer/code/indirect_jumps.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "analyzer/code/jump_tables.h"

namespace isoaudit::analyzer {
namespace {

/// Registers of a table's address that are lost on the way get all addresses that were ever put together in them.
constexpr std::size_t most_guesses = 4;

/// How far before the use of an index its comparison is looked for.
constexpr std::size_t longest_way_to_comparison = 24;

/// More is no `switch`.
constexpr std::uint64_t most_entries = 4096;

/// So often the one branch that leads to a comparison is searched for in a whole function, which may be hostile.
constexpr unsigned most_searches = 256;

/// Of a mask of registers.
constexpr std::uint64_t general_registers = 0xFFFFFFFF;

/// What a register holds, as far as jumps ask. Of nothing and of pointers the kind says all.
struct Held {
  enum class Kind : std::uint8_t {
    nothing,
    pointer,  ///< an argument, or what memory held, not through an index
    address,  ///< `address`, which instruction `number` put together
    entry,    ///< what instruction `number` took from a table
    target,   ///< `address`, or one of the guesses for register `base`, and such an entry
  } kind = Kind::nothing;
  Register base = no_register;
  std::uint8_t shift = 0;
  bool is_signed = false;
  std::uint64_t address = 0;
  std::uint32_t number = 0;
};

class Tracker {
 public:
  Tracker(const Image& image, const FunctionCode& code)
      : code_(code),
        convention_(calling_convention(image.machine, image.format)),
        arm_(image.machine == Machine::aarch64) {}

  IndirectJumps run(const CodePointers* pointers) {
    for (const Register argument : convention_.arguments) held_[argument].kind = Held::Kind::pointer;
    for (std::uint32_t i = 0; i < code_.instructions.size(); ++i) {
      look(i);
      if (code_.instructions[i].ends_block()) stretch_ = i + 1;
    }
    for (const Jump& jump : jumps_) decide(jump);
    if (calls_ && !found_.others) found_.others = pointers == nullptr || pointers->any_in(code_) || has_labels();
    return std::move(found_);
  }

 private:
  /// Decided when all is known that the function puts together.
  struct Jump {
    std::uint32_t number = 0;
    Held to{};
    /// What the table's register held at the entry's load.
    Held table{};
  };

  void look(std::uint32_t number) {
    const Instruction& instruction = code_.instructions[number];
    if (goes_through_table(instruction)) return jump(number, instruction);
    if (instruction.op == Op::call) return forget(convention_.clobbered, convention_.result);
    // Stores, comparisons and branches: nothing that is held changes.
    if (instruction.dst >= held_.size() && !instruction.pair && (instruction.clobbers & general_registers) == 0) return;
    if (!leads_to_table(instruction)) return put_simple(instruction);
    const Held made = result(number, instruction);
    forget(instruction.clobbers, no_register);
    if (instruction.dst >= held_.size()) return;
    held_[instruction.dst] = made;
    if (made.kind != Held::Kind::address) return;
    std::vector<std::uint64_t>& all = formed_[instruction.dst];
    if (std::ranges::find(all, made.address) == all.end()) all.push_back(made.address);
  }

  /// What may put together a table's address, or take something from one: few do.
  static bool leads_to_table(const Instruction& instruction) {
    if (instruction.op == Op::load) return instruction.memory.index != no_register && !instruction.pair;
    return instruction.op == Op::address || instruction.op == Op::copy || instruction.op == Op::add;
  }

  /// Nothing or a pointer.
  void put_simple(const Instruction& instruction) {
    const Held::Kind made = instruction.op == Op::load ? loaded(instruction) : Held::Kind::nothing;
    forget(instruction.clobbers, no_register);
    if (instruction.loads_second() && instruction.src2 < held_.size()) held_[instruction.src2].kind = made;
    if (instruction.dst < held_.size()) held_[instruction.dst].kind = made;
  }

  /// From no table. What was put aside on the stack may be an address in one.
  Held::Kind loaded(const Instruction& load) const {
    const MemoryOperand& memory = load.memory;
    const bool may_be_table = memory.index != no_register || convention_.is_frame(memory.base);
    const bool is_pointer = load.width == 8 && !may_be_table && (!arm_ || memory.base != no_register);
    return is_pointer ? Held::Kind::pointer : Held::Kind::nothing;
  }

  const Held& at(Register number) const {
    static constexpr Held nothing{};
    return number < held_.size() ? held_[number] : nothing;
  }

  Held result(std::uint32_t number, const Instruction& instruction) {
    const MemoryOperand& memory = instruction.memory;
    const Held& source = at(instruction.src);
    switch (instruction.op) {
      case Op::address:
        if (memory.base != no_register || memory.index != no_register || memory.segment) return {};
        return {
            .kind = Held::Kind::address, .address = static_cast<std::uint64_t>(memory.displacement), .number = number};
      case Op::copy:
        if (instruction.has_immediate || (instruction.width == 4 && source.kind != Held::Kind::entry)) return {};
        return source;
      case Op::load:
        if (memory.base >= held_.size() || (!arm_ && !is_x86_entry(instruction))) return {};
        tables_.emplace_back(number, held_[memory.base]);
        return {.kind = Held::Kind::entry, .is_signed = instruction.sign_extends, .number = number};
      case Op::add: return sum(instruction, source);
      default: return {};
    }
  }

  Held sum(const Instruction& instruction, const Held& source) const {
    if (instruction.src2 == no_register) {
      if (!instruction.has_immediate || source.kind != Held::Kind::address) return {};
      Held moved = source;
      moved.address += static_cast<std::uint64_t>(instruction.immediate);
      return moved;
    }
    const Held& other = at(instruction.src2);
    const bool swapped = source.kind == Held::Kind::entry && other.kind != Held::Kind::entry;
    const Held& entry = swapped ? source : other;
    const Held& base = swapped ? other : source;
    if (entry.kind != Held::Kind::entry || (swapped && instruction.shift != 0)) return {};
    if (!arm_ && base.kind != Held::Kind::address) return {};
    Held target = entry;
    target.kind = Held::Kind::target;
    target.shift = instruction.shift;
    target.is_signed = entry.is_signed || instruction.sign_extends;
    target.base = swapped ? instruction.src2 : instruction.src;
    target.address = base.kind == Held::Kind::address ? base.address : 0;
    return target;
  }

  void forget(std::uint64_t registers, Register but_pointer) {
    for (std::uint64_t lost = registers & general_registers; lost != 0; lost &= lost - 1) {
      held_[static_cast<std::size_t>(std::countr_zero(lost))].kind = Held::Kind::nothing;
    }
    if (but_pointer < held_.size()) held_[but_pointer].kind = Held::Kind::pointer;
  }

  /// A distance of four bytes from the table, whose address was put together just before: x86-64's compilers write
  /// nothing else into position-independent code, and there is no need to guess.
  bool is_x86_entry(const Instruction& load) const {
    const Held& table = held_[load.memory.base];
    return load.width == 4 && load.sign_extends && load.memory.scale == 4 && load.memory.displacement == 0 &&
           table.kind == Held::Kind::address && table.number >= stretch_;
  }

  void jump(std::uint32_t number, const Instruction& instruction) {
    if (instruction.has_memory) {
      (instruction.memory.index == no_register ? calls_ : found_.others) = true;
      return;
    }
    Held to = at(instruction.src);
    if (!arm_ && to.kind == Held::Kind::target && to.number < stretch_) to = {};
    switch (to.kind) {
      case Held::Kind::pointer: calls_ = true; return;
      case Held::Kind::entry:
      case Held::Kind::target: {
        const auto table = std::ranges::lower_bound(tables_, to.number, {}, &std::pair<std::uint32_t, Held>::first);
        jumps_.push_back({number, to, table == tables_.end() ? Held{} : table->second});
        return;
      }
      case Held::Kind::address: found_.others = found_.others || code_.index_of(to.address) >= 0; return;
      case Held::Kind::nothing: found_.others = true; return;
    }
  }

  std::vector<std::uint64_t> guesses(const Held& held, Register number) const {
    if (held.kind == Held::Kind::address) return {held.address};
    return number < formed_.size() ? formed_[number] : std::vector<std::uint64_t>{};
  }

  void decide(const Jump& jump) {
    const Instruction& load = code_.instructions[jump.to.number];
    const std::vector<std::uint64_t> tables = guesses(jump.table, load.memory.base);
    std::vector<std::uint64_t> bases{0};
    if (jump.to.kind == Held::Kind::target) {
      bases = jump.to.address != 0 ? std::vector{jump.to.address} : guesses({}, jump.to.base);
    } else if (load.width != 8) {
      bases.clear();
    }
    if (tables.empty() || bases.empty() || tables.size() * bases.size() > most_guesses) {
      found_.others = true;
      return;
    }
    for (const std::uint64_t table : tables) {
      for (const std::uint64_t base : bases) {
        bases_.push_back(base);
        found_.tables.push_back(
            {table, base, jump.number, load.width, jump.to.shift, jump.to.is_signed, count_before(jump.to.number)});
      }
    }
  }

  /// Labels as values, which may go anywhere. What a table's distances are counted from is none.
  bool has_labels() const {
    return std::ranges::any_of(formed_, [&](const std::vector<std::uint64_t>& addresses) {
      return std::ranges::any_of(addresses, [&](std::uint64_t address) {
        const bool inside = address != code_.begin && code_.index_of(address) >= 0;
        return inside && std::ranges::find(bases_, address) == bases_.end();
      });
    });
  }

  /// How many values the index of the load can have: it was compared with the last one before.
  unsigned count_before(std::uint32_t load) {
    const auto& instructions = code_.instructions;
    Register index = instructions[load].memory.index;
    std::optional<std::uint8_t> condition;
    std::size_t number = load;
    for (std::size_t steps = 0; steps < longest_way_to_comparison && number > 0; ++steps) {
      const Instruction& before = instructions[number - 1];
      if (before.ends_block()) {
        // Control comes from elsewhere: from the one branch that leads here.
        if (++searches_ > most_searches) return 0;
        const std::uint64_t here = instructions[number].address;
        const auto leads_here = [&](const Instruction& i) { return i.is_branch() && i.target == here; };
        const auto branch = std::ranges::find_if(instructions, leads_here);
        const bool one = branch != instructions.end() && branch->op == Op::branch &&
                         std::find_if(std::next(branch), instructions.end(), leads_here) == instructions.end();
        if (!one) return 0;
        // As if the opposite branch had not been taken.
        condition = static_cast<std::uint8_t>(branch->condition ^ 1);
        number = static_cast<std::size_t>(branch - instructions.begin());
        continue;
      }
      --number;
      if (before.op == Op::branch) {
        condition = before.condition;
      } else if (before.op == Op::compare && before.has_immediate && before.src == index) {
        constexpr std::uint8_t above = 7, not_below = 3;
        const auto limit = static_cast<std::uint64_t>(before.immediate);
        if (limit >= most_entries || (condition != above && condition != not_below)) return 0;
        return static_cast<unsigned>(limit + (condition == above ? 1 : 0));
      } else if (before.op == Op::copy && before.dst == index && !before.has_immediate) {
        index = before.src;
      } else if (before.op == Op::call || before.dst == index || (index < 64 && (before.clobbers >> index & 1) != 0) ||
                 (before.pair && before.op == Op::load && before.src2 == index)) {
        return 0;
      }
    }
    return 0;
  }

  const FunctionCode& code_;
  const CallingConvention& convention_;
  bool arm_ = false;
  /// From this instruction on control runs through to the one that is looked at.
  std::uint32_t stretch_ = 0;
  unsigned searches_ = 0;
  /// There are jumps that look like calls at the function's end.
  bool calls_ = false;
  std::array<Held, 32> held_{};
  std::array<std::vector<std::uint64_t>, 32> formed_{};
  std::vector<std::pair<std::uint32_t, Held>> tables_{};
  std::vector<std::uint64_t> bases_{};
  std::vector<Jump> jumps_{};
  IndirectJumps found_{};
};

}  // namespace

CodePointers::CodePointers(const Image& image) {
  for (const Relocation& relocation : image.relocations) {
    const Section* section = relocation.target == 0 ? nullptr : image.section_at(relocation.target);
    if (section != nullptr && section->executable) targets_.push_back(relocation.target);
  }
  std::ranges::sort(targets_);
}

bool CodePointers::any_in(const FunctionCode& code) const {
  if (code.instructions.empty()) return false;
  auto next = std::ranges::lower_bound(targets_, code.instructions.front().address);
  const auto last = std::ranges::upper_bound(targets_, code.instructions.back().address);
  // Pieces of one function may lie far from each other.
  constexpr std::ptrdiff_t most = 4096;
  if (last - next > most) return true;
  return std::any_of(next, last, [&](std::uint64_t t) { return t != code.begin && code.index_of(t) >= 0; });
}

IndirectJumps find_indirect_jumps(const Image& image, const FunctionCode& code, const CodePointers* pointers) {
  return Tracker(image, code).run(pointers);
}

}  // namespace isoaudit::analyzer
