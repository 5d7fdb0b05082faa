#include "analyzer/code/word_cache.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace isoaudit::analyzer {
namespace {

/// Rows, as powers of two: all of them together fit a processor's second cache.
constexpr unsigned word_bits = 13, byte_bits = 11;

/// Instructions that name an address by its distance (Arm Architecture Reference Manual, C4.1): which of their bits are
/// the distance, and in what it is counted. Each distance is an instruction of its kind, so one of them stands for all.
struct Distance {
  std::uint32_t mask = 0, kind = 0;
  std::uint32_t low_bits = 0;  ///< ADR and ADRP only: two bits below the others, at 29
  unsigned first = 0, count = 0;
  unsigned scale = 0;  ///< as a power of two
  /// Counted from the page.
  bool pages = false;
};
constexpr std::array<Distance, 7> distances{{
    {0x7C000000, 0x14000000, 0, 0, 26, 2},                  // b, bl
    {0xFF000000, 0x54000000, 0, 5, 19, 2},                  // b.cond, bc.cond
    {0x7E000000, 0x34000000, 0, 5, 19, 2},                  // cbz, cbnz
    {0x7E000000, 0x36000000, 0, 5, 14, 2},                  // tbz, tbnz
    {0x9F000000, 0x90000000, 0x60000000, 5, 19, 12, true},  // adrp
    {0x9F000000, 0x10000000, 0x60000000, 5, 19, 0},         // adr
    {0x3B000000, 0x18000000, 0, 5, 19, 2},                  // loads of literals
}};

/// Instructions with a number in them, as a distance from a register or by itself (the same, C4.1): their effect grows
/// with the number in equal steps, so one of them stands for all.
struct Number {
  std::uint32_t mask = 0, kind = 0;
  unsigned first = 0, count = 0;
  bool is_signed = false;
};
constexpr std::array<Number, 5> numbers{{
    {0x3B000000, 0x39000000, 10, 12, false},  // ldr, str: counted in what they load
    {0x3B800000, 0x29000000, 15, 7, true},    // ldp, stp
    {0x3B200C00, 0x38000000, 12, 9, true},    // ldur, stur
    {0x1F800000, 0x11000000, 10, 12, false},  // add, sub, cmp
    {0x1F800000, 0x12800000, 5, 16, false},   // movz, movn, movk
}};

/// The row of `distances` for each value of a word's upper eight bits, and 1 more; 0 for none.
constexpr std::array<std::uint8_t, 256> distance_rows() {
  std::array<std::uint8_t, 256> found{};
  for (std::uint32_t top = 0; top < 256; ++top) {
    for (std::size_t i = 0; i < distances.size(); ++i) {
      if ((top << 24 & distances[i].mask) == distances[i].kind) found[top] = static_cast<std::uint8_t>(i + 1);
    }
  }
  return found;
}
constexpr std::array<std::uint8_t, 256> distance_row = distance_rows();

const Distance* distance_in(std::uint32_t word) {
  const std::uint8_t row = distance_row[word >> 24];
  return row == 0 ? nullptr : &distances[row - 1];
}

std::uint32_t distance_bits(const Distance& distance) {
  return (((std::uint32_t{1} << distance.count) - 1) << distance.first) | distance.low_bits;
}

/// In bytes; addresses wrap as the machine's do.
std::uint64_t distance_of(const Distance& distance, std::uint32_t word) {
  std::uint64_t value = (word >> distance.first) & ((std::uint32_t{1} << distance.count) - 1);
  unsigned width = distance.count;
  if (distance.low_bits != 0) {
    value = value << 2 | (word >> 29 & 3);
    width += 2;
  }
  const std::uint64_t sign = std::uint64_t{1} << (width - 1);
  return ((value ^ sign) - sign) << distance.scale;
}

std::uint64_t origin(const Distance& distance, std::uint64_t address) {
  return distance.pages ? address & ~std::uint64_t{0xFFF} : address;
}

/// The row of `numbers` for each value of a word's upper eleven bits, and 1 more; 0 for none.
constexpr unsigned below_upper_bits = 21;
constexpr std::array<std::uint8_t, 1 << (32 - below_upper_bits)> number_rows() {
  std::array<std::uint8_t, 1 << (32 - below_upper_bits)> found{};
  constexpr std::uint32_t upper_bits = ~std::uint32_t{0} << below_upper_bits;
  for (std::uint32_t top = 0; top < found.size(); ++top) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const std::uint32_t kind = numbers[i].kind & upper_bits;
      if ((top << below_upper_bits & numbers[i].mask) == kind) found[top] = static_cast<std::uint8_t>(i + 1);
    }
  }
  return found;
}
constexpr auto number_row = number_rows();

const Number* number_in(std::uint32_t word) {
  const std::uint8_t row = number_row[word >> below_upper_bits];
  if (row == 0) return nullptr;
  const Number& number = numbers[row - 1];
  return (word & number.mask) == number.kind ? &number : nullptr;
}

constexpr std::uint32_t number_bits(const Number& number) {
  return ((std::uint32_t{1} << number.count) - 1) << number.first;
}

std::int64_t number_of(const Number& number, std::uint32_t word) {
  const std::int64_t value = (word & number_bits(number)) >> number.first;
  const bool negative = number.is_signed && value >> (number.count - 1) != 0;
  return negative ? value - (std::int64_t{1} << number.count) : value;
}

class WordCache final : public Decoder {
 public:
  explicit WordCache(std::unique_ptr<Decoder> decoder)
      : decoder_(std::move(decoder)), rows_(std::size_t{1} << word_bits) {}

  bool decode(std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) override {
    if (bytes.size() < sizeof(std::uint32_t)) return decoder_->decode(bytes, address, out);
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    if (const Number* number = number_in(word)) return decode_number(*number, word, address, out);
    const Distance* distance = distance_in(word);
    const std::uint32_t key = distance == nullptr ? word : word & ~distance_bits(*distance);
    const Row& row = row_of(key);
    out = row.instruction;
    out.address = address;
    if (distance != nullptr) {
      const std::uint64_t place = origin(*distance, address) + distance_of(*distance, word);
      if (out.has_target) out.target = place;
      if (out.has_memory) out.memory.displacement = static_cast<std::int64_t>(place);
    }
    return row.is_one;
  }

 private:
  struct Row {
    /// As at address 0, with no distance or number.
    Instruction instruction{};
    std::uint32_t word = 0;
    bool filled = false;
    bool is_one = false;
  };

  /// How an instruction grows with the number in it: one answer for all that differ in their registers, but for the
  /// register that is the stack pointer or zero.
  struct Steps {
    std::int64_t memory = 0, immediate = 0;
    bool known = false, equal = false;

    void add(std::int64_t number, Instruction& out) const {
      const auto grown = [&](std::int64_t value, std::int64_t step) {
        const std::uint64_t times = static_cast<std::uint64_t>(step) * static_cast<std::uint64_t>(number);
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + times);
      };
      out.memory.displacement = grown(out.memory.displacement, memory);
      out.immediate = grown(out.immediate, immediate);
    }
  };

  Row& row_of(std::uint32_t word) {
    Row& row = rows_[(word * 2654435761u) >> (32 - word_bits)];
    if (!row.filled || row.word != word) fill(row, word);
    return row;
  }

  bool decode_number(const Number& number, std::uint32_t word, std::uint64_t address, Instruction& out) {
    const std::uint32_t without = word & ~number_bits(number);
    const Steps& steps = steps_of(number, without);
    const Row& row = row_of(steps.equal ? without : word);
    out = row.instruction;
    out.address = address;
    if (steps.equal) steps.add(number_of(number, word), out);
    return row.is_one;
  }

  const Steps& steps_of(const Number& number, std::uint32_t word) {
    const unsigned special = ((word & 0x1F) == 0x1F ? 2u : 0u) + ((word >> 5 & 0x1F) == 0x1F ? 1u : 0u);
    Steps& steps = steps_[(word >> below_upper_bits) * 4 + special];
    if (!steps.known) find_steps(number, word, steps);
    return steps;
  }

  /// By the number 1, and tried with those that are farthest from it.
  void find_steps(const Number& number, std::uint32_t word, Steps& steps) {
    const std::uint32_t all = number_bits(number), one = all & ~(all << 1);
    const std::uint32_t highest = one << (number.count - 1);
    Row zero, other;
    fill(zero, word);
    fill(other, word | one);
    const auto step = [](std::int64_t from, std::int64_t to) {
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from));
    };
    // What is no instruction says nothing of others of its kind.
    steps = {};
    if (!zero.is_one) return;
    steps.memory = step(zero.instruction.memory.displacement, other.instruction.memory.displacement);
    steps.immediate = step(zero.instruction.immediate, other.instruction.immediate);
    steps.known = steps.equal = true;
    for (const std::uint32_t bits : {one, all, highest, all & ~highest}) {
      fill(other, word | bits);
      Instruction expected = zero.instruction;
      steps.add(number_of(number, bits), expected);
      steps.equal = steps.equal && other.is_one && other.instruction == expected;
    }
  }

  void fill(Row& row, std::uint32_t word) {
    std::array<std::uint8_t, sizeof word> bytes{};
    std::memcpy(bytes.data(), &word, sizeof word);
    row.is_one = decoder_->decode(bytes, 0, row.instruction);
    row.filled = true;
    row.word = word;
  }

  std::unique_ptr<Decoder> decoder_;
  std::vector<Row> rows_;
  /// By the upper bits of a word, and which of its registers are special.
  std::vector<Steps> steps_ = std::vector<Steps>(number_row.size() * 4);
};

/// An instruction of x86-64 has fifteen bytes at most.
struct Key {
  std::uint64_t low = 0, high = 0;

  bool operator==(const Key&) const = default;
  /// The first `size` bytes of it, one to fifteen.
  Key cut(unsigned size) const {
    if (size >= 8) return {low, high & ((std::uint64_t{1} << (size - 8) * 8) - 1)};
    return {low & ((std::uint64_t{1} << size * 8) - 1), 0};
  }
};

/// What an instruction is depends on nothing but its own bytes, and no instruction begins with another one. Which bytes
/// are an instruction, LLVM has said of the same ones before; how many to compare is a guess, by how those that began
/// alike went on.
class ByteCache final : public Decoder {
 public:
  explicit ByteCache(std::unique_ptr<Decoder> decoder)
      : decoder_(std::move(decoder)),
        sizes_(guesses),
        rows_(std::size_t{1} << byte_bits),
        relatives_(std::size_t{1} << relative_bits) {}

  bool decode(std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) override {
    Key key;
    if (bytes.size() < sizeof key) return decoder_->decode(bytes, address, out);
    std::memcpy(&key, bytes.data(), sizeof key);
    const Beginning beginning = beginning_of(key.low);
    if (beginning.size != 0 && relative_of(beginning).fits(beginning)) {
      relative_of(beginning).make(key, address, out);
      return true;
    }
    std::uint8_t& size = sizes_[(static_cast<std::uint32_t>(key.low) * 2654435761u) >> (32 - guess_bits)];
    if (size != 0) {
      const Key own = key.cut(size);
      const Row& row = row_of(own);
      if (row.instruction.size == size && row.key == own) {
        out = row.instruction;
        out.address = address;
        return true;
      }
    }
    if (!decoder_->decode(bytes, address, out)) return false;
    if (beginning.size != 0 && ends_with_distance(beginning, key, out) && stands_for_all(beginning, key, out)) {
      relative_of(beginning) = {beginning, out};
      return true;
    }
    if (!means_the_same_everywhere(out, bytes)) return true;
    size = out.size;
    const Key own = key.cut(size);
    Row& row = row_of(own);
    row.key = own;
    row.instruction = out;
    return true;
  }

 private:
  static constexpr unsigned guess_bits = 14;
  static constexpr std::size_t guesses = std::size_t{1} << guess_bits;
  static constexpr unsigned relative_bits = 10;

  struct Row {
    Key key{};
    /// Of size 0 while the row is empty.
    Instruction instruction{};
  };

  /// What stands before the distance in a jump, a call or an access to memory: all that says which instruction it is.
  struct Beginning {
    std::uint64_t bytes = 0;
    std::uint8_t size = 0;      ///< in bytes; 0: no such instruction begins so
    std::uint8_t distance = 0;  ///< how many bytes the distance has
    /// Counted from a register, not from the next instruction.
    bool from_register = false;
    bool operator==(const Beginning&) const = default;
  };

  struct Relative {
    Beginning beginning{};
    Instruction instruction{};

    bool fits(const Beginning& other) const { return beginning == other; }
    void make(const Key& key, std::uint64_t address, Instruction& out) const {
      out = instruction;
      out.address = address;
      const std::uint64_t distance = distance_in(beginning, key);
      const std::uint64_t place = beginning.from_register ? distance : address + out.size + distance;
      if (out.has_target) out.target = place;
      if (out.has_memory) out.memory.displacement = static_cast<std::int64_t>(place);
    }
  };

  static std::uint64_t distance_in(const Beginning& beginning, const Key& key) {
    const unsigned first = beginning.size * 8;
    const std::uint64_t rest = first == 0 ? key.low : key.low >> first | key.high << (64 - first);
    if (beginning.distance == 1) return static_cast<std::uint64_t>(static_cast<std::int8_t>(rest));
    return static_cast<std::uint64_t>(static_cast<std::int32_t>(rest));
  }

  /// Where the distance would be, by the layout of instructions (Intel's manual, volume 2, chapter 2): prefixes,
  /// opcode, ModRM, SIB. That it is one, LLVM has to say.
  static Beginning beginning_of(std::uint64_t low) {
    const auto at = [low](unsigned i) { return static_cast<std::uint8_t>(low >> i * 8); };
    const auto begins = [low](unsigned size, unsigned distance, bool from_register = false) {
      const std::uint64_t bytes = low & ((std::uint64_t{1} << size * 8) - 1);
      return Beginning{bytes, static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(distance), from_register};
    };
    if (at(0) == 0xE8 || at(0) == 0xE9) return begins(1, 4);
    if (at(0) == 0xEB || (at(0) & 0xF0) == 0x70) return begins(1, 1);
    unsigned opcode = at(0) == 0x66 || at(0) == 0xF2 || at(0) == 0xF3 ? 1 : 0;
    if ((at(opcode) & 0xF0) == 0x40) ++opcode;
    if (at(opcode) == 0x0F) {
      ++opcode;
      if (at(opcode) == 0x38) ++opcode;
    } else if (at(0) == 0xC5 || at(0) == 0xC4) {
      // VEX, of two bytes or three.
      opcode = at(0) == 0xC5 ? 2 : 3;
    }
    if (opcode == 1 && at(0) == 0x0F && (at(1) & 0xF0) == 0x80) return begins(2, 4);
    const unsigned mode = opcode + 1;
    const std::uint8_t how = at(mode) & 0xC7;
    if (how == 0x05) return begins(mode + 1, 4);
    // What counts from registers: of one byte or of four, behind a byte more where there is an index.
    const unsigned of_one_byte = 0x40, of_four = 0x80;
    if ((how & 0xC0) != of_one_byte && (how & 0xC0) != of_four) return {};
    const unsigned size = mode + ((how & 7) == 4 ? 2 : 1);
    return begins(size, (how & 0xC0) == of_one_byte ? 1 : 4, true);
  }

  /// Nothing stands behind the distance, and it is what it was taken for.
  static bool ends_with_distance(const Beginning& beginning, const Key& key, const Instruction& instruction) {
    if (instruction.size != beginning.size + beginning.distance) return false;
    const std::uint64_t distance = distance_in(beginning, key);
    const MemoryOperand& memory = instruction.memory;
    if (beginning.from_register) {
      return instruction.has_memory && !instruction.has_target && memory.base != no_register && !memory.segment &&
             static_cast<std::uint64_t>(memory.displacement) == distance;
    }
    const std::uint64_t place = instruction.next() + distance;
    const bool in_memory =
        instruction.has_memory && memory.base == no_register && memory.index == no_register && !memory.segment;
    if (instruction.has_target) return !instruction.has_memory && instruction.target == place;
    return in_memory && static_cast<std::uint64_t>(memory.displacement) == place;
  }

  /// With any other distance it is the same instruction: a zero is easily taken for one.
  bool stands_for_all(const Beginning& beginning, const Key& key, const Instruction& instruction) {
    std::array<std::uint8_t, sizeof key> bytes{};
    std::memcpy(bytes.data(), &key, sizeof key);
    for (unsigned i = 0; i < beginning.distance; ++i) bytes[beginning.size + i] ^= 0xFF;
    Key other;
    std::memcpy(&other, bytes.data(), sizeof other);
    Instruction expected, found;
    Relative{beginning, instruction}.make(other, instruction.address, expected);
    return decoder_->decode(bytes, instruction.address, found) && found == expected;
  }

  Relative& relative_of(const Beginning& beginning) {
    return relatives_[(beginning.bytes * 0x9E3779B97F4A7C15) >> (64 - relative_bits)];
  }

  static bool is_prefix(std::uint8_t byte) {
    constexpr std::array<std::uint8_t, 12> prefixes{0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65,
                                                    0x66, 0x67, 0x9B, 0xF0, 0xF2, 0xF3};
    return (byte & 0xF0) == 0x40 || std::ranges::find(prefixes, byte) != prefixes.end();
  }

  /// Jumps, calls and what is relative to the instruction pointer seldom come again with the same distance. Prefixes
  /// count as an instruction or not by what follows.
  static bool means_the_same_everywhere(const Instruction& instruction, std::span<const std::uint8_t> bytes) {
    if (instruction.has_target || (instruction.has_memory && instruction.memory.base == no_register)) return false;
    return instruction.size < sizeof(Key) && !std::ranges::all_of(bytes.first(instruction.size), is_prefix);
  }

  Row& row_of(const Key& key) {
    const std::uint64_t mixed = (key.low ^ key.high * 0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93;
    return rows_[mixed >> (64 - byte_bits)];
  }

  std::unique_ptr<Decoder> decoder_;
  std::vector<std::uint8_t> sizes_;
  std::vector<Row> rows_;
  std::vector<Relative> relatives_;
};

}  // namespace

std::unique_ptr<Decoder> remember_words(std::unique_ptr<Decoder> decoder) {
  return std::make_unique<WordCache>(std::move(decoder));
}

std::unique_ptr<Decoder> remember_bytes(std::unique_ptr<Decoder> decoder) {
  return std::make_unique<ByteCache>(std::move(decoder));
}

}  // namespace isoaudit::analyzer
