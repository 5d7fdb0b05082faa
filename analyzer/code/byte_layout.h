#pragma once

#include <array>
#include <cstdint>

namespace isoaudit::analyzer {

/// The bytes that an x86-64 instruction begins with, the first one lowest. It has fifteen at most.
struct CodeBytes {
  std::uint64_t low = 0, high = 0;
};

/// Which of the bytes are what: a guess by their layout (Intel's manual, volume 2, chapter 2 and appendix A), which the
/// disassembler has to confirm.
struct ByteLayout {
  /// Prefixes, opcode, ModRM and SIB; the distance, if there is one; the number behind it. In bytes; a distance has one
  /// or four.
  std::uint8_t beginning = 0, distance = 0, number = 0;
  /// The distance is counted from a register, not from the next instruction.
  bool from_register = false;

  unsigned size() const { return unsigned{beginning} + distance + number; }
  /// All but the distance: it says which instruction it is, the layout included.
  CodeBytes without_distance(const CodeBytes& code) const;
};

/// What follows an opcode.
struct Operands {
  bool mode = false;        ///< ModRM
  std::uint8_t number = 0;  ///< bytes
  std::uint8_t jump = 0;    ///< bytes of the distance
  bool is_word = false;     ///< of the number: two bytes behind the prefix 66
  bool is_whole = false;    ///< eight behind REX.W
  bool by_mode = false;     ///< only where ModRM says so
  bool is_longer = false;   ///< it is a prefix, or more belongs to the opcode, or ModRM says more than places
};

/// What follows ModRM's mode and base.
struct Mode {
  std::uint8_t size = 0;  ///< of ModRM and SIB, in bytes
  std::uint8_t distance = 0;
  bool from_register = false;
  bool may_have_no_base = false;  ///< where SIB says so: then there are four bytes that no register is added to
};

/// Of one byte, and behind 0F.
extern const std::array<std::array<Operands, 256>, 2> operands_of;
/// By the byte behind the opcode: of opcodes without ModRM, and of those with it.
extern const std::array<std::array<Mode, 256>, 2> modes;
/// The lowest bytes of sixteen, by their count.
extern const std::array<CodeBytes, 17> lowest_bytes;

ByteLayout longer_layout(const CodeBytes& code);

/// The opcode ends behind so many bytes, seven at most.
inline ByteLayout layout_behind(std::uint64_t low, unsigned opcode, const Operands& operands, unsigned number) {
  const std::uint64_t rest = low >> opcode * 8;
  const Mode& mode = modes[operands.mode ? 1 : 0][rest & 0xFF];
  const unsigned has_no_base = mode.may_have_no_base && (rest >> 8 & 7) == 5 ? 1 : 0;
  return {static_cast<std::uint8_t>(opcode + mode.size + has_no_base * 4),
          static_cast<std::uint8_t>(mode.distance + operands.jump), static_cast<std::uint8_t>(number),
          mode.from_register};
}

/// Nearly every byte of code goes through it, in an order that no processor guesses: it chooses by tables.
inline ByteLayout layout_of(const CodeBytes& code) {
  const unsigned rex = (code.low & 0xF0) == 0x40 ? 1 : 0;
  const std::uint64_t behind_rex = code.low >> rex * 8;
  const unsigned of_two = (behind_rex & 0xFF) == 0x0F ? 1 : 0;
  const Operands& operands = operands_of[of_two][behind_rex >> of_two * 8 & 0xFF];
  if (operands.is_longer) return longer_layout(code);
  const unsigned is_whole = (operands.is_whole ? 1u : 0u) & rex & static_cast<unsigned>(code.low >> 3);
  return layout_behind(code.low, 1 + rex + of_two, operands, operands.number + is_whole * 4);
}

inline CodeBytes ByteLayout::without_distance(const CodeBytes& code) const {
  const CodeBytes &all = lowest_bytes[size()], &first = lowest_bytes[beginning],
                  &both = lowest_bytes[unsigned{beginning} + distance];
  const std::uint64_t layout = std::uint64_t{beginning} | std::uint64_t{distance} << 4;
  return {code.low & (all.low ^ both.low ^ first.low),
          (code.high & (all.high ^ both.high ^ first.high)) | layout << 56};
}

}  // namespace isoaudit::analyzer
