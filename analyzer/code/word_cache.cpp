#include "analyzer/code/word_cache.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace isoaudit::analyzer {
namespace {

/// How many rows, as a power of two: all of them together fit a processor's second cache.
constexpr unsigned word_bits = 13;

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

/// For each value of a word's upper eleven bits 0, the row of `numbers` and 1 more, or the row of `distances` and
/// first_distance more.
constexpr unsigned below_upper_bits = 21;
constexpr std::uint8_t first_distance = 16;
constexpr std::array<std::uint8_t, 1 << (32 - below_upper_bits)> kinds_of_words() {
  std::array<std::uint8_t, 1 << (32 - below_upper_bits)> found{};
  constexpr std::uint32_t upper_bits = ~std::uint32_t{0} << below_upper_bits;
  for (std::uint32_t top = 0; top < found.size(); ++top) {
    const std::uint32_t word = top << below_upper_bits;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if ((word & numbers[i].mask) == (numbers[i].kind & upper_bits)) found[top] = static_cast<std::uint8_t>(i + 1);
    }
    for (std::size_t i = 0; i < distances.size(); ++i) {
      if ((word & distances[i].mask) != distances[i].kind) continue;
      found[top] = static_cast<std::uint8_t>(first_distance + i);
    }
  }
  return found;
}
constexpr auto kind_of_word = kinds_of_words();

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
    const Found found = find(word_in(bytes));
    out = found.row->instruction;
    put(found, word_in(bytes), address, out);
    return found.row->is_one();
  }

  std::size_t decode_all(std::span<const std::uint8_t> bytes, std::size_t begins, std::uint64_t address,
                         std::vector<Instruction>& out) override {
    std::size_t at = 0;
    for (; at < begins && bytes.size() - at >= sizeof(std::uint32_t); at += sizeof(std::uint32_t)) {
      const std::uint32_t word = word_in(bytes.subspan(at));
      const Found found = find(word);
      if (!found.row->is_one()) return at;
      put(found, word, address + at, out.emplace_back(found.row->instruction));
    }
    return at < begins ? at + Decoder::decode_all(bytes.subspan(at), begins - at, address + at, out) : at;
  }

 private:
  /// As at address 0, with no distance or number. A line of a processor's cache: which word it is stands where kept
  /// instructions have no use for the room.
  struct alignas(sizeof(Instruction)) Row {
    Instruction instruction{};

    static constexpr std::uint64_t filled = std::uint64_t{1} << 32, one = std::uint64_t{1} << 33;
    bool is_of(std::uint32_t word) const { return (instruction.target & ~one) == (filled | word); }
    bool is_one() const { return (instruction.target & one) != 0; }
  };

  static std::uint32_t word_in(std::span<const std::uint8_t> bytes) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
  }

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
    if (!row.is_of(word)) fill(row, word);
    return row;
  }

  /// The row, and what has to be done to it.
  struct Found {
    const Row* row = nullptr;
    const Distance* distance = nullptr;
    const Number* number = nullptr;
    const Steps* steps = nullptr;
  };

  Found find(std::uint32_t word) {
    const std::uint8_t kind = kind_of_word[word >> below_upper_bits];
    if (kind == 0) return {.row = &row_of(word)};
    if (kind >= first_distance) {
      const Distance& distance = distances[kind - first_distance];
      return {.row = &row_of(word & ~distance_bits(distance)), .distance = &distance};
    }
    const Number& number = numbers[kind - 1u];
    if ((word & number.mask) != number.kind) return {.row = &row_of(word)};
    const std::uint32_t without = word & ~number_bits(number);
    const Steps& steps = steps_of(number, without);
    if (!steps.equal) return {.row = &row_of(word)};
    return {.row = &row_of(without), .number = &number, .steps = &steps};
  }

  static void put(const Found& found, std::uint32_t word, std::uint64_t address, Instruction& out) {
    out.address = address;
    out.target = 0;
    if (found.number != nullptr) found.steps->add(number_of(*found.number, word), out);
    if (found.distance == nullptr) return;
    const std::uint64_t place = origin(*found.distance, address) + distance_of(*found.distance, word);
    if (out.has_target) out.target = place;
    if (out.has_memory) out.memory.displacement = static_cast<std::int64_t>(place);
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
    Instruction zero, other;
    const auto step = [](std::int64_t from, std::int64_t to) {
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from));
    };
    // What is no instruction says nothing of others of its kind.
    steps = {};
    if (!decode_plain(word, zero)) return;
    decode_plain(word | one, other);
    steps.memory = step(zero.memory.displacement, other.memory.displacement);
    steps.immediate = step(zero.immediate, other.immediate);
    steps.known = steps.equal = true;
    for (const std::uint32_t bits : {one, all, highest, all & ~highest}) {
      Instruction expected = zero;
      steps.add(number_of(number, bits), expected);
      steps.equal = steps.equal && decode_plain(word | bits, other) && other == expected;
    }
  }

  void fill(Row& row, std::uint32_t word) {
    const bool is_one = decode_plain(word, row.instruction);
    row.instruction.target = Row::filled | (is_one ? Row::one : 0) | word;
  }

  /// As at address 0.
  bool decode_plain(std::uint32_t word, Instruction& out) {
    std::array<std::uint8_t, sizeof word> bytes{};
    std::memcpy(bytes.data(), &word, sizeof word);
    return decoder_->decode(bytes, 0, out);
  }

  std::unique_ptr<Decoder> decoder_;
  std::vector<Row> rows_;
  /// By the upper bits of a word, and which of its registers are special.
  std::vector<Steps> steps_ = std::vector<Steps>(kind_of_word.size() * 4);
};

}  // namespace

std::unique_ptr<Decoder> remember_words(std::unique_ptr<Decoder> decoder) {
  return std::make_unique<WordCache>(std::move(decoder));
}

}  // namespace isoaudit::analyzer
