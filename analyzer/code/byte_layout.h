#pragma once

#include <cstdint>

namespace isoaudit::analyzer {

/// The bytes that an x86-64 instruction begins with, the first one lowest. It has fifteen at most.
struct CodeBytes {
  std::uint64_t low = 0, high = 0;

  bool operator==(const CodeBytes&) const = default;
  /// The first `size` of them, up to fifteen.
  CodeBytes cut(unsigned size) const {
    if (size >= 8) return {low, high & ((std::uint64_t{1} << (size - 8) * 8) - 1)};
    return {low & ((std::uint64_t{1} << size * 8) - 1), 0};
  }
  /// Eight of them, without the first `count`.
  std::uint64_t from(unsigned count) const {
    if (count == 0) return low;
    return count < 8 ? low >> count * 8 | high << (64 - count * 8) : high >> (count - 8) * 8;
  }
};

/// Which of the bytes are what: a guess by their layout (Intel's manual, volume 2, chapter 2 and appendix A), which the
/// disassembler has to confirm.
struct ByteLayout {
  /// Prefixes, opcode, ModRM and SIB; the distance, if there is one; the number behind it. In bytes; a distance has one
  /// or four, and what stands before it at most eight.
  std::uint8_t beginning = 0, distance = 0, number = 0;
  /// The distance is counted from a register, not from the next instruction.
  bool from_register = false;

  unsigned size() const { return unsigned{beginning} + distance + number; }
  std::uint64_t distance_in(const CodeBytes& code) const {
    const std::uint64_t rest = code.from(beginning);
    if (distance == 1) return static_cast<std::uint64_t>(static_cast<std::int8_t>(rest));
    return static_cast<std::uint64_t>(static_cast<std::int32_t>(rest));
  }
  /// All else that says which instruction it is, the layout included.
  CodeBytes without_distance(const CodeBytes& code) const {
    const std::uint64_t layout = std::uint64_t{beginning} | std::uint64_t{distance} << 8 | std::uint64_t{number} << 16;
    const std::uint64_t own = code.low & ~std::uint64_t{0} >> (8 - beginning) * 8;
    if (number == 0) return {own, layout << 32};
    const std::uint64_t behind = code.from(unsigned{beginning} + distance) & 0xFFFFFFFF >> (4 - number) * 8;
    return {own, behind | layout << 32};
  }
};

ByteLayout layout_of(const CodeBytes& code);

}  // namespace isoaudit::analyzer
