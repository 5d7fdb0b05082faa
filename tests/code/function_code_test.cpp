// Functions as bytes: which instructions they have, and where.
#include "analyzer/code/function_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t start = 0x1000;

FunctionCode code_of(const Bytes& bytes) {
  Image image;
  image.machine = Machine::x86_64;
  image.sections = {{".text", start, bytes.size(), model::SectionClass::other, true, bytes}};
  FunctionCode code;
  decode_function(image, *Decoder::of_thread(image.machine), {start, start + bytes.size()}, nullptr, code);
  return code;
}

/// So many times, and then the others.
Bytes behind(std::size_t times, std::uint8_t byte, const Bytes& others) {
  Bytes bytes(times, byte);
  bytes.insert(bytes.end(), others.begin(), others.end());
  return bytes;
}

std::vector<bool> atomic_ones(const FunctionCode& code, std::size_t from) {
  std::vector<bool> atomic;
  for (std::size_t i = from; i < code.instructions.size(); ++i) atomic.push_back(code.instructions[i].atomic);
  return atomic;
}

/// Wherever it lies: what is decoded at once ends somewhere.
TEST(FunctionCode, ALockIsThatOfTheNextInstructionOnly) {
  for (std::size_t before = 0; before < 600; ++before) {
    const FunctionCode locked = code_of(behind(before, 0x90, {0xf0, 0x48, 0x01, 0x08, 0x48, 0x01, 0x08}));
    ASSERT_THAT(atomic_ones(locked, before), ElementsAre(true, true, false)) << before;
  }
  EXPECT_THAT(atomic_ones(code_of({0xf0, 0x90, 0x48, 0x01, 0x08}), 0), ElementsAre(true, true, false));
  // What lies between is no instruction.
  EXPECT_THAT(atomic_ones(code_of({0xf0, 0x06, 0x48, 0x01, 0x08}), 0), ElementsAre(true, false));
}

/// LLVM says the same of one after the other.
TEST(FunctionCode, HasWhatIsThereWhateverTheBytes) {
  const auto plain = Decoder::create_plain(Machine::x86_64);
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    Bytes bytes(100 + random() % 900);
    for (std::uint8_t& byte : bytes)
      byte = static_cast<std::uint8_t>(random() % 3 == 0 ? 0x48 + random() % 8 : random());
    const FunctionCode code = code_of(bytes);
    std::size_t number = 0;
    std::uint64_t undecoded = 0, decoded = 0;
    for (std::size_t at = 0; at < bytes.size();) {
      Instruction expected;
      if (!plain->decode(std::span(bytes).subspan(at), start + at, expected)) {
        EXPECT_EQ(code.index_of(start + at), -1);
        ++undecoded, ++at;
        continue;
      }
      ASSERT_LT(number, code.instructions.size());
      expected.atomic = code.instructions[number].atomic;
      ASSERT_EQ(code.instructions[number], expected) << "at " << at << " in round " << round;
      ASSERT_EQ(code.index_of(start + at), static_cast<std::ptrdiff_t>(number));
      const bool is_outward = std::ranges::binary_search(code.outward, static_cast<std::uint32_t>(number));
      ASSERT_EQ(is_outward, expected.is_outward);
      ++number, decoded += expected.size, at += expected.size;
    }
    EXPECT_EQ(number, code.instructions.size());
    EXPECT_EQ(undecoded, code.undecoded);
    EXPECT_EQ(decoded, code.decoded);
  }
}

}  // namespace
}  // namespace isoaudit::analyzer
