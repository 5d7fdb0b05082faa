#include "analyzer/code/byte_cache.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "analyzer/code/byte_layout.h"

namespace isoaudit::analyzer {
namespace {

/// How many rows, as a power of two: all of them together fit a processor's second cache.
constexpr unsigned row_bits = 12;

/// What an instruction is depends on nothing but its own bytes, and no instruction begins with another one. Which bytes
/// are an instruction, LLVM has said of the same ones before; how many to compare is a guess.
class ByteCache final : public Decoder {
 public:
  explicit ByteCache(std::unique_ptr<Decoder> decoder)
      : decoder_(std::move(decoder)), rows_(std::size_t{1} << row_bits) {}

  bool decode(std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) override {
    if (bytes.size() < sizeof(CodeBytes)) return decoder_->decode(bytes, address, out);
    const Asked asked(bytes);
    const Row* row = row_for(asked);
    if (row == nullptr) return decode_new(asked, bytes, address, out);
    out = row->instruction;
    asked.put(address, out);
    return true;
  }

  std::size_t decode_all(std::span<const std::uint8_t> bytes, std::size_t begins, std::uint64_t address,
                         std::vector<Instruction>& out) override {
    std::size_t at = 0;
    while (at < begins && bytes.size() - at >= sizeof(CodeBytes)) {
      const Asked asked(bytes.subspan(at));
      if (const Row* row = row_for(asked)) {
        asked.put(address + at, out.emplace_back(row->instruction));
        // The same as the row's: where the next one begins does not have to wait for memory.
        at += asked.layout.size();
        continue;
      }
      if (!decode_new(asked, bytes.subspan(at), address + at, out.emplace_back())) {
        out.pop_back();
        return at;
      }
      at += out.back().size;
    }
    return at < begins ? at + Decoder::decode_all(bytes.subspan(at), begins - at, address + at, out) : at;
  }

 private:
  /// A line of a processor's cache: which bytes it is for stands where kept instructions have no use for the room.
  /// There are no such bytes while the row is empty.
  struct alignas(sizeof(Instruction)) Row {
    Instruction instruction{};

    bool is_for(const CodeBytes& bytes) const {
      return ((instruction.address ^ bytes.low) | (instruction.target ^ bytes.high)) == 0;
    }
    void put(const CodeBytes& bytes, const Instruction& kept) {
      instruction = kept;
      instruction.address = bytes.low;
      instruction.target = bytes.high;
    }
  };

  /// Bytes, and which row they have.
  struct Asked {
    const std::uint8_t* bytes = nullptr;
    ByteLayout layout{};
    CodeBytes own{};

    explicit Asked(std::span<const std::uint8_t> code) : bytes(code.data()) {
      CodeBytes first;
      std::memcpy(&first, bytes, sizeof first);
      layout = layout_of(first);
      own = layout.without_distance(first);
    }
    bool has_distance() const { return layout.distance != 0; }
    std::uint64_t distance() const {
      std::int32_t four = 0;
      std::memcpy(&four, bytes + layout.beginning, sizeof four);
      return static_cast<std::uint64_t>(layout.distance == 1 ? static_cast<std::int8_t>(four) : four);
    }
    /// What a distance leads to; nothing that means anything where there is none.
    std::uint64_t place(const Instruction& instruction) const {
      return distance() + (layout.from_register ? 0 : instruction.next());
    }
    /// What a row has no room for. Only what has a distance has a target (see means_the_same_everywhere).
    void put(std::uint64_t address, Instruction& out) const {
      out.address = address;
      const std::uint64_t there = place(out);
      out.target = out.has_target ? there : 0;
      const bool in_memory = has_distance() && out.has_memory;
      out.memory.displacement = in_memory ? static_cast<std::int64_t>(there) : out.memory.displacement;
    }
  };

  /// Null where they are not known.
  const Row* row_for(const Asked& asked) {
    const Row& row = row_of(asked);
    return row.is_for(asked.own) ? &row : nullptr;
  }

  bool decode_new(const Asked& asked, std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) {
    if (!decoder_->decode(bytes, address, out)) return false;
    if (out.size != asked.layout.size()) return true;
    const bool stays = asked.has_distance() ? has_distance_at(asked, out) && stands_for_all(asked, out)
                                            : means_the_same_everywhere(out, bytes);
    if (stays) row_of(asked).put(asked.own, out);
    return true;
  }

  /// What was taken for a distance is one.
  static bool has_distance_at(const Asked& asked, const Instruction& instruction) {
    const MemoryOperand& memory = instruction.memory;
    const std::uint64_t place = asked.place(instruction);
    const bool is_memory = instruction.has_memory && !instruction.has_target && !memory.segment &&
                           static_cast<std::uint64_t>(memory.displacement) == place;
    if (asked.layout.from_register) return is_memory && memory.base != no_register;
    if (instruction.has_target) return !instruction.has_memory && instruction.target == place;
    return is_memory && memory.base == no_register && memory.index == no_register;
  }

  /// With any other distance it is the same instruction: a zero is easily taken for one.
  bool stands_for_all(const Asked& asked, const Instruction& instruction) {
    std::array<std::uint8_t, sizeof(CodeBytes)> other{};
    std::memcpy(other.data(), asked.bytes, sizeof other);
    for (unsigned i = 0; i < asked.layout.distance; ++i) other[asked.layout.beginning + i] ^= 0xFF;
    Instruction expected = instruction, found;
    Asked(other).put(instruction.address, expected);
    return decoder_->decode(other, instruction.address, found) && found == expected;
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

  Row& row_of(const Asked& asked) {
    const std::uint64_t mixed = (asked.own.low ^ asked.own.high * 0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93;
    return rows_[mixed >> (64 - row_bits)];
  }

  std::unique_ptr<Decoder> decoder_;
  std::vector<Row> rows_;
};

}  // namespace

std::unique_ptr<Decoder> remember_bytes(std::unique_ptr<Decoder> decoder) {
  return std::make_unique<ByteCache>(std::move(decoder));
}

}  // namespace isoaudit::analyzer
