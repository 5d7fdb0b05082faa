#include "analyzer/code/byte_cache.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "analyzer/code/byte_layout.h"

namespace isoaudit::analyzer {
namespace {

/// How many rows, as powers of two: all of them together fit a processor's second cache.
constexpr unsigned own_bits = 11, distance_bits = 11;

/// What an instruction is depends on nothing but its own bytes, and no instruction begins with another one. Which bytes
/// are an instruction, LLVM has said of the same ones before; how many to compare is a guess.
class ByteCache final : public Decoder {
 public:
  explicit ByteCache(std::unique_ptr<Decoder> decoder)
      : decoder_(std::move(decoder)),
        own_(std::size_t{1} << own_bits),
        with_distance_(std::size_t{1} << distance_bits) {}

  bool decode(std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) override {
    if (bytes.size() < sizeof(CodeBytes)) return decoder_->decode(bytes, address, out);
    const Asked asked(bytes);
    const Row* row = row_for(asked);
    if (row == nullptr) return decode_new(asked, bytes, address, out);
    out = row->instruction;
    put(asked, address, out);
    return true;
  }

  std::size_t decode_all(std::span<const std::uint8_t> bytes, std::size_t begins, std::uint64_t address,
                         std::vector<Instruction>& out) override {
    std::size_t at = 0;
    while (at < begins && bytes.size() - at >= sizeof(CodeBytes)) {
      const Asked asked(bytes.subspan(at));
      if (const Row* row = row_for(asked)) {
        put(asked, address + at, out.emplace_back(row->instruction));
      } else if (!decode_new(asked, bytes.subspan(at), address + at, out.emplace_back())) {
        out.pop_back();
        return at;
      }
      at += out.back().size;
    }
    return at < begins ? at + Decoder::decode_all(bytes.subspan(at), begins - at, address + at, out) : at;
  }

 private:
  /// A line of a processor's cache: which bytes it is for stands where kept instructions have no use for the room, and
  /// their size is 0 while the row is empty.
  struct alignas(sizeof(Instruction)) Row {
    Instruction instruction{};

    bool is_for(const CodeBytes& bytes) const {
      return instruction.address == bytes.low && instruction.target == bytes.high;
    }
    void put(const CodeBytes& bytes, const Instruction& kept) {
      instruction = kept;
      instruction.address = bytes.low;
      instruction.target = bytes.high;
    }
  };

  /// Bytes, and which row they have.
  struct Asked {
    CodeBytes code{};
    ByteLayout layout{};
    CodeBytes own{};

    explicit Asked(std::span<const std::uint8_t> bytes) {
      std::memcpy(&code, bytes.data(), sizeof code);
      layout = layout_of(code);
      own = has_distance() ? layout.without_distance(code) : code.cut(layout.size());
    }
    bool has_distance() const { return layout.distance != 0; }
  };

  /// Null where they are not known.
  const Row* row_for(const Asked& asked) {
    const Row& row = own_or_with_distance(asked);
    return row.is_for(asked.own) && row.instruction.size == asked.layout.size() ? &row : nullptr;
  }

  static void put(const Asked& asked, std::uint64_t address, Instruction& out) {
    out.address = address;
    out.target = 0;
    if (asked.has_distance()) put_distance(asked.layout, asked.code, out);
  }

  bool decode_new(const Asked& asked, std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) {
    if (!decoder_->decode(bytes, address, out)) return false;
    if (out.size != asked.layout.size()) return true;
    const bool stays = asked.has_distance()
                           ? has_distance_at(asked.layout, asked.code, out) && stands_for_all(asked, out)
                           : means_the_same_everywhere(out, bytes);
    if (stays) own_or_with_distance(asked).put(asked.own, out);
    return true;
  }

  static void put_distance(const ByteLayout& layout, const CodeBytes& code, Instruction& out) {
    const std::uint64_t distance = layout.distance_in(code);
    const std::uint64_t place = layout.from_register ? distance : out.next() + distance;
    if (out.has_target) out.target = place;
    if (out.has_memory) out.memory.displacement = static_cast<std::int64_t>(place);
  }

  /// What was taken for a distance is one.
  static bool has_distance_at(const ByteLayout& layout, const CodeBytes& code, const Instruction& instruction) {
    const std::uint64_t distance = layout.distance_in(code);
    const MemoryOperand& memory = instruction.memory;
    if (layout.from_register) {
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
  bool stands_for_all(const Asked& asked, const Instruction& instruction) {
    std::array<std::uint8_t, sizeof asked.code> bytes{};
    std::memcpy(bytes.data(), &asked.code, sizeof asked.code);
    for (unsigned i = 0; i < asked.layout.distance; ++i) bytes[asked.layout.beginning + i] ^= 0xFF;
    CodeBytes other;
    std::memcpy(&other, bytes.data(), sizeof other);
    Instruction expected = instruction, found;
    put_distance(asked.layout, other, expected);
    return decoder_->decode(bytes, instruction.address, found) && found == expected;
  }

  static bool is_prefix(std::uint8_t byte) {
    constexpr std::array<std::uint8_t, 12> prefixes{0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65,
                                                    0x66, 0x67, 0x9B, 0xF0, 0xF2, 0xF3};
    return (byte & 0xF0) == 0x40 || std::ranges::find(prefixes, byte) != prefixes.end();
  }

  /// Jumps, calls and what is relative to the instruction pointer are found by their distance. Prefixes count as an
  /// instruction or not by what follows.
  static bool means_the_same_everywhere(const Instruction& instruction, std::span<const std::uint8_t> bytes) {
    if (instruction.has_target || (instruction.has_memory && instruction.memory.base == no_register)) return false;
    return !std::ranges::all_of(bytes.first(instruction.size), is_prefix);
  }

  Row& own_or_with_distance(const Asked& asked) {
    const std::uint64_t mixed = (asked.own.low ^ asked.own.high * 0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93;
    return asked.has_distance() ? with_distance_[mixed >> (64 - distance_bits)] : own_[mixed >> (64 - own_bits)];
  }

  std::unique_ptr<Decoder> decoder_;
  std::vector<Row> own_;
  std::vector<Row> with_distance_;
};

}  // namespace

std::unique_ptr<Decoder> remember_bytes(std::unique_ptr<Decoder> decoder) {
  return std::make_unique<ByteCache>(std::move(decoder));
}

}  // namespace isoaudit::analyzer
