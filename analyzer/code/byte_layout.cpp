#include "analyzer/code/byte_layout.h"

#include <array>

namespace isoaudit::analyzer {
namespace {

constexpr bool is_prefix(unsigned byte) {
  return byte == 0x66 || byte == 0xF2 || byte == 0xF3 || byte == 0x2E || byte == 0x64;
}

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
  for (unsigned i = 0; i < all.size(); ++i) all[i].is_longer = all[i].is_longer || all[i].by_mode || is_prefix(i);
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
  for (unsigned jump = 0x80; jump < 0x90; ++jump) all[jump] = {.jump = 4};
  for (const unsigned longer : {0x38, 0x3A}) all[longer] = {.is_longer = true};
  return all;
}

constexpr std::array<std::array<Mode, 256>, 2> all_modes() {
  std::array<std::array<Mode, 256>, 2> all{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    const unsigned base = byte & 7;
    Mode& mode = all[1][byte];
    mode.size = 1;
    if (byte >= 0xC0) continue;
    if (base == 4) ++mode.size;
    if (byte >= 0x40) {
      mode.distance = byte < 0x80 ? 1 : 4;
      mode.from_register = true;
    } else if (base == 5) {
      mode.distance = 4;
    }
    mode.may_have_no_base = byte < 0x40 && base == 4;
  }
  return all;
}

constexpr std::array<CodeBytes, 17> all_lowest_bytes() {
  std::array<CodeBytes, 17> all{};
  constexpr std::uint64_t whole = ~std::uint64_t{0};
  for (unsigned count = 1; count < all.size(); ++count) {
    all[count] = count <= 8 ? CodeBytes{whole >> (8 - count) * 8, 0} : CodeBytes{whole, whole >> (16 - count) * 8};
  }
  return all;
}

constexpr Operands with_mode{.mode = true}, with_mode_and_number{.mode = true, .number = 1};

/// Of bytes that are looked at, and before a distance.
constexpr unsigned room = 8;
constexpr unsigned most_prefixes = 3;

std::uint8_t byte_at(std::uint64_t low, unsigned i) { return static_cast<std::uint8_t>(i < room ? low >> i * 8 : 0); }

/// What is too long for a guess counts as one byte, which nobody confirms.
ByteLayout with_operands(std::uint64_t low, unsigned opcode, const Operands& operands, unsigned number) {
  if (opcode >= room) return {.beginning = 1};
  const std::uint8_t how = byte_at(low, opcode);
  if (operands.by_mode && (how >> 3 & 7) > 1) number = 0;
  if (opcode + modes[operands.mode ? 1 : 0][how].size > room) return {.beginning = 1};
  return layout_behind(low, opcode, operands, number);
}

/// As VEX and EVEX number the maps: 0F, 0F 38, 0F 3A.
const Operands& operands_in_map(unsigned map, std::uint8_t opcode) {
  if (map == 1) return operands_of[1][opcode];
  return map == 3 ? with_mode_and_number : with_mode;
}

}  // namespace

constinit const std::array<std::array<Operands, 256>, 2> operands_of{opcodes_of_one_byte(), opcodes_of_two_bytes()};
constinit const std::array<std::array<Mode, 256>, 2> modes = all_modes();
constinit const std::array<CodeBytes, 17> lowest_bytes = all_lowest_bytes();

/// With prefixes, or an opcode of several bytes.
ByteLayout longer_layout(const CodeBytes& code) {
  const auto at = [&](unsigned i) { return byte_at(code.low, i); };
  if (at(0) == 0xC5 || at(0) == 0xC4) {
    // VEX, of two bytes or three.
    const unsigned map = at(0) == 0xC5 ? 1 : at(1) & 0x1F, opcode = at(0) == 0xC5 ? 2 : 3;
    const Operands& operands = operands_in_map(map, at(opcode));
    return with_operands(code.low, opcode + 1, operands, operands.number);
  }
  if (at(0) == 0x62) {
    // EVEX, of four bytes. A distance of one byte is counted in what is read or written: it belongs to the rest.
    const unsigned map = at(1) & 7, opcode = 4;
    const Operands& operands = operands_in_map(map, at(opcode));
    ByteLayout layout = with_operands(code.low, opcode + 1, operands, operands.number);
    if (layout.from_register) layout = {.beginning = static_cast<std::uint8_t>(layout.size())};
    return layout;
  }
  unsigned opcode = 0;
  bool is_word = false;
  for (; opcode < most_prefixes && is_prefix(at(opcode)); ++opcode) is_word = is_word || at(opcode) == 0x66;
  if ((at(opcode) & 0xF0) == 0x40) ++opcode;
  if (at(opcode) != 0x0F) {
    const Operands& operands = operands_of[0][at(opcode)];
    return with_operands(code.low, opcode + 1, operands, operands.is_word && is_word ? 2 : operands.number);
  }
  ++opcode;
  if (at(opcode) == 0x38) return with_operands(code.low, opcode + 2, with_mode, 0);
  if (at(opcode) == 0x3A) return with_operands(code.low, opcode + 2, with_mode_and_number, 1);
  const Operands& operands = operands_of[1][at(opcode)];
  return with_operands(code.low, opcode + 1, operands, operands.number);
}

}  // namespace isoaudit::analyzer
