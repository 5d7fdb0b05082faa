#include "analyzer/code/byte_layout.h"

#include <array>

namespace isoaudit::analyzer {
namespace {

constexpr bool is_prefix(unsigned byte) {
  return byte == 0x66 || byte == 0xF2 || byte == 0xF3 || byte == 0x2E || byte == 0x64;
}

/// What follows an opcode.
struct Operands {
  bool mode = false;        ///< ModRM
  std::uint8_t number = 0;  ///< bytes
  bool is_word = false;     ///< of the number: two bytes behind the prefix 66
  bool is_whole = false;    ///< eight behind REX.W
  bool by_mode = false;     ///< only where ModRM says so
  std::uint8_t jump = 0;    ///< bytes of the distance
  bool is_longer = false;   ///< more belongs to it
};
using Opcodes = std::array<Operands, 256>;

constexpr Opcodes opcodes_of_one_byte() {
  Opcodes all{};
  const auto set = [&](unsigned first, unsigned last, const Operands& operands) {
    for (unsigned i = first; i <= last; ++i) all[i] = operands;
  };
  for (unsigned i = 0; i < 0x40; i += 8) {
    set(i, i + 3, {.mode = true});
    set(i + 4, i + 4, {.number = 1});
    set(i + 5, i + 5, {.number = 4, .is_word = true});
  }
  set(0x63, 0x63, {.mode = true});
  set(0x68, 0x68, {.number = 4, .is_word = true});
  set(0x69, 0x69, {.mode = true, .number = 4, .is_word = true});
  set(0x6A, 0x6A, {.number = 1});
  set(0x6B, 0x6B, {.mode = true, .number = 1});
  set(0x80, 0x8F, {.mode = true});
  set(0x80, 0x80, {.mode = true, .number = 1});
  set(0x81, 0x81, {.mode = true, .number = 4, .is_word = true});
  set(0x83, 0x83, {.mode = true, .number = 1});
  set(0xA8, 0xA8, {.number = 1});
  set(0xA9, 0xA9, {.number = 4, .is_word = true});
  set(0xB0, 0xB7, {.number = 1});
  set(0xB8, 0xBF, {.number = 4, .is_word = true, .is_whole = true});
  set(0xC0, 0xC1, {.mode = true, .number = 1});
  set(0xC2, 0xC2, {.number = 2});
  set(0xC6, 0xC6, {.mode = true, .number = 1});
  set(0xC7, 0xC7, {.mode = true, .number = 4, .is_word = true});
  set(0xD0, 0xD3, {.mode = true});
  set(0xD8, 0xDF, {.mode = true});
  set(0xF6, 0xF6, {.mode = true, .number = 1, .by_mode = true});
  set(0xF7, 0xF7, {.mode = true, .number = 4, .is_word = true, .by_mode = true});
  set(0xFE, 0xFF, {.mode = true});
  set(0x70, 0x7F, {.jump = 1});
  set(0xEB, 0xEB, {.jump = 1});
  set(0xE8, 0xE9, {.jump = 4});
  for (const unsigned longer : {0x0F, 0x62, 0xC4, 0xC5}) all[longer] = {.is_longer = true};
  for (unsigned i = 0; i < all.size(); ++i) all[i].is_longer = all[i].is_longer || is_prefix(i);
  return all;
}

/// Behind 0F.
constexpr Opcodes opcodes_of_two_bytes() {
  Opcodes all{};
  for (Operands& operands : all) operands.mode = true;
  for (const unsigned alone :
       {0x05, 0x06, 0x08, 0x09, 0x0B, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x77, 0xA0, 0xA1, 0xA2, 0xA8, 0xA9}) {
    all[alone] = {};
  }
  for (unsigned swap = 0xC8; swap < 0xD0; ++swap) all[swap] = {};
  for (const unsigned numbered : {0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6}) {
    all[numbered].number = 1;
  }
  return all;
}

constexpr Opcodes one_byte = opcodes_of_one_byte(), two_bytes = opcodes_of_two_bytes();
constexpr Operands with_mode{.mode = true}, with_mode_and_number{.mode = true, .number = 1};

/// For what stands before a distance.
constexpr unsigned room = 8;
constexpr unsigned most_prefixes = 3;

ByteLayout made(unsigned beginning, unsigned distance, unsigned number = 0, bool from_register = false) {
  return ByteLayout{static_cast<std::uint8_t>(beginning), static_cast<std::uint8_t>(distance),
                    static_cast<std::uint8_t>(number), from_register};
}

std::uint8_t byte_at(std::uint64_t low, unsigned i) { return static_cast<std::uint8_t>(i < room ? low >> i * 8 : 0); }

/// `mode`: number of the byte that would be ModRM.
ByteLayout with_operands(std::uint64_t low, unsigned mode, const Operands& operands, unsigned number) {
  if (!operands.mode) return made(mode + number, 0);
  const std::uint8_t how = byte_at(low, mode), base = how & 7;
  if (operands.by_mode && (how >> 3 & 7) > 1) number = 0;
  unsigned beginning = mode + 1;
  if (how >= 0xC0) return made(beginning + number, 0);
  if (base == 4) ++beginning;
  if (beginning > room) return made(1, 0);
  if (how >= 0x40) return made(beginning, how < 0x80 ? 1 : 4, number, true);
  if (base == 5) return made(beginning, 4, number);
  const bool from_nothing = base == 4 && (byte_at(low, beginning - 1) & 7) == 5;
  return made(beginning + (from_nothing ? 4 : 0) + number, 0);
}

/// As VEX and EVEX number the maps: 0F, 0F 38, 0F 3A.
const Operands& operands_in_map(unsigned map, std::uint8_t opcode) {
  if (map == 1) return two_bytes[opcode];
  return map == 3 ? with_mode_and_number : with_mode;
}

/// With prefixes, or an opcode of several bytes.
ByteLayout longer_layout(std::uint64_t low) {
  const auto at = [&](unsigned i) { return byte_at(low, i); };
  if (at(0) == 0xC5 || at(0) == 0xC4) {
    // VEX, of two bytes or three.
    const unsigned map = at(0) == 0xC5 ? 1 : at(1) & 0x1F, opcode = at(0) == 0xC5 ? 2 : 3;
    const Operands& operands = operands_in_map(map, at(opcode));
    return with_operands(low, opcode + 1, operands, operands.number);
  }
  if (at(0) == 0x62) {
    // EVEX, of four bytes. A distance of one byte is counted in what is read or written: it belongs to the rest.
    const unsigned map = at(1) & 7, opcode = 4;
    const Operands& operands = operands_in_map(map, at(opcode));
    const ByteLayout layout = with_operands(low, opcode + 1, operands, operands.number);
    return layout.from_register ? made(layout.size(), 0) : layout;
  }
  unsigned opcode = 0;
  bool is_word = false;
  for (; opcode < most_prefixes && is_prefix(at(opcode)); ++opcode) is_word = is_word || at(opcode) == 0x66;
  if ((at(opcode) & 0xF0) == 0x40) ++opcode;
  if (at(opcode) != 0x0F) {
    const Operands& operands = one_byte[at(opcode)];
    return with_operands(low, opcode + 1, operands, operands.is_word && is_word ? 2 : operands.number);
  }
  ++opcode;
  if ((at(opcode) & 0xF0) == 0x80) return made(opcode + 1, 4);
  if (at(opcode) == 0x38) return with_operands(low, opcode + 2, with_mode, 0);
  if (at(opcode) == 0x3A) return with_operands(low, opcode + 2, with_mode_and_number, 1);
  return with_operands(low, opcode + 1, two_bytes[at(opcode)], two_bytes[at(opcode)].number);
}

}  // namespace

ByteLayout layout_of(const CodeBytes& code) {
  const std::uint64_t low = code.low;
  const bool has_rex = (low & 0xF0) == 0x40;
  const auto opcode = static_cast<std::uint8_t>(has_rex ? low >> 8 : low);
  const Operands& operands = one_byte[opcode];
  if (operands.is_longer) return longer_layout(low);
  if (operands.jump != 0) return made(has_rex ? 2 : 1, operands.jump);
  const bool is_whole = operands.is_whole && has_rex && (low & 8) != 0;
  return with_operands(low, has_rex ? 2 : 1, operands, is_whole ? 8 : operands.number);
}

}  // namespace isoaudit::analyzer
