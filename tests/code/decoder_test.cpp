// Instructions as bytes, so that both machines are tested on either.
#include "analyzer/code/decoder.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

#include "analyzer/code/evaluator.h"

namespace isoaudit::analyzer {
namespace {

using Bytes = std::vector<std::uint8_t>;

Instruction decode(Machine machine, const Bytes& bytes, std::uint64_t address = 0x1000) {
  const std::unique_ptr<Decoder> decoder = Decoder::create(machine);
  Instruction instruction;
  EXPECT_TRUE(decoder->decode(bytes, address, instruction));
  EXPECT_EQ(instruction.size, bytes.size());
  return instruction;
}

struct Case {
  const char* text;
  Machine machine;
  Bytes bytes;
  Op op;
  unsigned width;
  bool writes_memory;
  bool atomic;
};

class Decodes : public testing::TestWithParam<Case> {};

TEST_P(Decodes, OpWidthAndWhetherItWrites) {
  const Instruction instruction = decode(GetParam().machine, GetParam().bytes);
  EXPECT_EQ(instruction.op, GetParam().op) << GetParam().text;
  EXPECT_EQ(instruction.width, GetParam().width) << GetParam().text;
  EXPECT_EQ(instruction.writes_memory, GetParam().writes_memory) << GetParam().text;
  EXPECT_EQ(instruction.atomic, GetParam().atomic) << GetParam().text;
}

constexpr Machine x86 = Machine::x86_64, arm = Machine::aarch64;

INSTANTIATE_TEST_SUITE_P(
    Instructions, Decodes,
    testing::Values(Case{"movq $7, 8(%rax)", x86, {0x48, 0xc7, 0x40, 0x08, 7, 0, 0, 0}, Op::store, 8, true, false},
                    Case{"movl $1, 0(%rip)", x86, {0xc7, 0x05, 0, 0, 0, 0, 1, 0, 0, 0}, Op::store, 4, true, false},
                    Case{"incl 0(%rip)", x86, {0xff, 0x05, 0, 0, 0, 0}, Op::update, 4, true, false},
                    Case{"andq $0, 0x20(%rax)", x86, {0x48, 0x83, 0x60, 0x20, 0x00}, Op::store, 8, true, false},
                    Case{"xchg %rax, 0(%rip)", x86, {0x48, 0x87, 0x05, 0, 0, 0, 0}, Op::exchange, 8, true, true},
                    Case{"lock", x86, {0xf0}, Op::other, 0, false, true},
                    Case{"cmpb $0, 0(%rip)", x86, {0x80, 0x3d, 0, 0, 0, 0, 0}, Op::compare, 1, false, false},
                    Case{"lea 16(%rip), %rdi", x86, {0x48, 0x8d, 0x3d, 16, 0, 0, 0}, Op::address, 8, false, false},
                    Case{"movups %xmm0, (%rax)", x86, {0x0f, 0x11, 0x00}, Op::store, 16, true, false},
                    Case{"prefetcht0 (%rax)", x86, {0x0f, 0x18, 0x08}, Op::other, 0, false, false},
                    Case{"nopw 0(%rax,%rax)", x86, {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00}, Op::other, 0, false, false},
                    Case{"rep stosq", x86, {0xf3, 0x48, 0xab}, Op::fill, 8, true, false},
                    Case{"sete 0(%rip)", x86, {0x0f, 0x94, 0x05, 0, 0, 0, 0}, Op::store, 1, true, false},
                    Case{"call", x86, {0xe8, 0, 0, 0, 0}, Op::call, 0, false, false},
                    Case{"ret", x86, {0xc3}, Op::result, 0, false, false},
                    Case{"ud2", x86, {0x0f, 0x0b}, Op::stop, 0, false, false},
                    Case{"str w1, [x0]", arm, {0x01, 0x00, 0x00, 0xb9}, Op::store, 4, true, false},
                    Case{"str x1, [x0, #8]", arm, {0x01, 0x04, 0x00, 0xf9}, Op::store, 8, true, false},
                    Case{"stp x1, x2, [x0, #16]", arm, {0x01, 0x08, 0x01, 0xa9}, Op::store, 8, true, false},
                    Case{"stp x29, x30, [sp, #-32]!", arm, {0xfd, 0x7b, 0xbe, 0xa9}, Op::store, 8, true, false},
                    Case{"ldadd w1, w2, [x0]", arm, {0x02, 0x00, 0x21, 0xb8}, Op::update, 0, true, true},
                    Case{"stxr w3, w1, [x0]", arm, {0x01, 0x7c, 0x03, 0x88}, Op::store_exclusive, 4, true, true},
                    Case{"nop", arm, {0x1f, 0x20, 0x03, 0xd5}, Op::other, 0, false, false},
                    Case{"ldr x1, [x0, #8]", arm, {0x01, 0x04, 0x40, 0xf9}, Op::load, 8, false, false},
                    Case{"adrp x0, 0", arm, {0x00, 0x00, 0x00, 0x90}, Op::address, 0, false, false},
                    Case{"ret", arm, {0xc0, 0x03, 0x5f, 0xd6}, Op::result, 0, false, false}),
    [](const testing::TestParamInfo<Case>& one) { return "case" + std::to_string(one.index); });

TEST(Decoder, AddressesAreRelativeToTheNextInstructionOrThePage) {
  const Instruction lea = decode(x86, {0x48, 0x8d, 0x3d, 0x10, 0, 0, 0}, 0x4000);
  EXPECT_EQ(lea.memory.displacement, 0x4017);
  EXPECT_EQ(lea.dst, 7);
  const Instruction call = decode(x86, {0xe8, 0x10, 0, 0, 0}, 0x4000);
  EXPECT_EQ(call.target, 0x4015u);
  const Instruction adrp = decode(arm, {0x01, 0x00, 0x00, 0xb0}, 0x4abc);
  EXPECT_EQ(adrp.memory.displacement, 0x5000);
  EXPECT_EQ(adrp.dst, 1);
  const Instruction bl = decode(arm, {0x02, 0x00, 0x00, 0x94}, 0x4000);
  EXPECT_EQ(bl.target, 0x4008u);
}

TEST(Decoder, ThreadLocalMemoryIsNotTheModules) {
  const Instruction store = decode(x86, {0x64, 0xc7, 0x04, 0x25, 0xf8, 0xff, 0xff, 0xff, 1, 0, 0, 0});
  EXPECT_TRUE(store.memory.segment);
}

TEST(Decoder, BytesThatAreNoInstructionSayHowManyToSkip) {
  const std::unique_ptr<Decoder> decoder = Decoder::create(x86);
  Instruction instruction;
  EXPECT_FALSE(decoder->decode(Bytes{0x06, 0x90}, 0, instruction));
  EXPECT_GE(instruction.size, 1);
  EXPECT_FALSE(decoder->decode(Bytes{}, 0, instruction));
  EXPECT_EQ(Decoder::create(Machine::other), nullptr);
}

class Steps : public testing::Test {
 protected:
  Steps() { image.machine = Machine::aarch64; }
  void run(const std::vector<Bytes>& code) {
    std::uint64_t address = 0x1000;
    for (const Bytes& bytes : code) {
      const Instruction instruction = decode(image.machine, bytes, address);
      Evaluator(image, names).step(state, instruction, nullptr, nullptr);
      address += bytes.size();
    }
  }
  Image image;
  Names names;
  State state = entry_state(calling_convention(Machine::aarch64, model::BinaryFormat::elf));
};

TEST_F(Steps, PageAndOffsetMakeAnAddressOnAarch64) {
  run({{0x00, 0x00, 0x00, 0xb0},    // adrp x0, 0x2000
       {0x00, 0x40, 0x04, 0x91},    // add x0, x0, #0x110
       {0xe1, 0x03, 0x00, 0xaa}});  // mov x1, x0
  EXPECT_EQ(state.general[1], (Value{Value::Kind::address, 0, 0x2110}));
}

TEST_F(Steps, WhatIsAddedIsMadeLongerAndShiftedOnAarch64) {
  run({{0x00, 0x00, 0x00, 0xb0},    // adrp x0, 0x2000
       {0x62, 0x00, 0x80, 0x52},    // mov w2, #3
       {0x01, 0x0c, 0x02, 0x8b},    // add x1, x0, x2, lsl #3
       {0xe3, 0xff, 0x9f, 0x52},    // mov w3, #0xffff
       {0x04, 0xa8, 0x23, 0x8b},    // add x4, x0, w3, sxth #2
       {0x05, 0x4c, 0x23, 0x8b}});  // add x5, x0, w3, uxtw #3
  EXPECT_EQ(state.general[1], (Value{Value::Kind::address, 0, 0x2018}));
  EXPECT_EQ(state.general[4], (Value{Value::Kind::address, 0, 0x1ffc}));
  EXPECT_EQ(state.general[5], (Value{Value::Kind::address, 0, 0x81ff8}));
}

TEST_F(Steps, AnIndexCountsElementsOnAarch64) {
  const Instruction load = decode(arm, {0x20, 0x78, 0x62, 0xb8});  // ldr w0, [x1, x2, lsl #2]
  EXPECT_EQ(load.memory.scale, 4);
  EXPECT_EQ(decode(arm, {0x20, 0x68, 0x22, 0xf8}).memory.scale, 1);  // str x0, [x1, x2]
}

TEST_F(Steps, NumbersAreBuiltInParts) {
  run({{0x41, 0x00, 0x80, 0x52},    // mov w1, #2
       {0x61, 0x00, 0xa0, 0x72}});  // movk w1, #3, lsl #16
  EXPECT_EQ(state.general[1], number_value(0x30002));
}

TEST_F(Steps, APairOfZeroAndARegisterIsStoredAndLoadedOnAarch64) {
  run({{0x48, 0x00, 0x80, 0x52},    // mov w8, #2
       {0xff, 0x23, 0x3e, 0xa9},    // stp xzr, x8, [sp, #-32]
       {0xe8, 0x7f, 0x3f, 0xa9},    // stp x8, xzr, [sp, #-16]
       {0xe1, 0x0b, 0x7e, 0xa9},    // ldp x1, x2, [sp, #-32]
       {0xe3, 0x13, 0x7f, 0xa9}});  // ldp x3, x4, [sp, #-16]
  for (const auto& [number, value] : {std::pair(1, 0), {2, 2}, {3, 2}, {4, 0}}) {
    EXPECT_EQ(state.general[static_cast<std::size_t>(number)], number_value(static_cast<std::uint64_t>(value)))
        << "x" << number;
  }
}

TEST_F(Steps, APairThatLoadsOverItsBaseReadsBothFirstOnAarch64) {
  run({{0xe9, 0x03, 0x00, 0x91},    // mov x9, sp
       {0x48, 0x00, 0x80, 0x52},    // mov w8, #2
       {0xe8, 0x7f, 0x3f, 0xa9},    // stp x8, xzr, [sp, #-16]
       {0x29, 0x09, 0x7f, 0xa9}});  // ldp x9, x2, [x9, #-16]
  EXPECT_EQ(state.general[9], number_value(2));
  EXPECT_EQ(state.general[2], number_value(0));
}

TEST_F(Steps, TheStackPointerSurvivesPushesOnAarch64) {
  run({{0xfd, 0x7b, 0xbe, 0xa9},    // stp x29, x30, [sp, #-32]!
       {0xfd, 0x7b, 0xc2, 0xa8}});  // ldp x29, x30, [sp], #32
  EXPECT_EQ(state.general[31], (Value{Value::Kind::stack, 0, 0}));
}

// Words that were seen before are remembered: what they name by its distance moves with them.
TEST(Decoder, AWordThatIsSeenAgainMeansTheSameFromItsNewPlace) {
  const std::uint32_t words[] = {
      0x14000010,  // b
      0x97fffff0,  // bl, back
      0x540000e1,  // b.ne
      0xb4000080,  // cbz x0
      0x36080080,  // tbz w0, #1
      0x10000080,  // adr x0
      0xb0000000,  // adrp x0
      0x58000080,  // ldr x0, literal
      0x98000080,  // ldrsw x0, literal
      0x1c000080,  // ldr s0, literal
      0x9c000080,  // ldr q0, literal
      0xd8000080,  // prfm, literal
      0xf9400001,  // ldr x1, [x0]
      0xd65f03c0,  // ret
      0x00000000,  // never an instruction
  };
  const std::unique_ptr<Decoder> again = Decoder::create(Machine::aarch64);
  for (const std::uint64_t address : {std::uint64_t{0x1000}, std::uint64_t{0x5ff4}, ~std::uint64_t{3}}) {
    for (const std::uint32_t word : words) {
      // Other distances of the same kind as well: they share a row.
      for (const std::uint32_t distance : {0u, 0x20u, 0x7ffe0u, 0x800000u, 0x60000000u}) {
        std::array<std::uint8_t, 4> bytes{};
        const std::uint32_t changed = word ^ distance;
        std::memcpy(bytes.data(), &changed, sizeof changed);
        Instruction first;
        const bool is_one = Decoder::create_plain(Machine::aarch64)->decode(bytes, address, first);
        for (Decoder* decoder : {again.get(), Decoder::of_thread(Machine::aarch64)}) {
          Instruction later;
          EXPECT_EQ(decoder->decode(bytes, address, later), is_one) << std::hex << changed;
          if (is_one) {
            EXPECT_EQ(later, first) << std::hex << changed << " at " << address;
          }
        }
      }
    }
  }
}

// What differs in a number alone is one instruction; whatever else the word is, allocated or not.
TEST(Decoder, AWordThatDiffersInItsNumberMeansTheSameWithAnotherNumber) {
  struct Kind {
    std::uint32_t mask = 0, kind = 0, number = 0;
  };
  constexpr std::array<Kind, 7> kinds{{
      {0x3B000000, 0x39000000, 0x003FFC00},  // ldr, str
      {0x3B800000, 0x29000000, 0x003F8000},  // ldp, stp
      {0x3A800000, 0x28800000, 0x003F8000},  // ldp, stp that change their base
      {0x3B200000, 0x38000000, 0x001FF000},  // ldur, stur, and those that change their base
      {0x1F800000, 0x11000000, 0x003FFC00},  // add, sub, cmp
      {0x1F800000, 0x12800000, 0x001FFFE0},  // movz, movn, movk
      {0x1F800000, 0x12000000, 0x003FFC00},  // and, orr, eor: their numbers do not grow in steps
  }};
  std::mt19937 random(7);
  const std::unique_ptr<Decoder> again = Decoder::create(Machine::aarch64);
  const std::unique_ptr<Decoder> plain = Decoder::create_plain(Machine::aarch64);
  for (unsigned round = 0; round < 20000; ++round) {
    const Kind& kind = kinds[random() % kinds.size()];
    const std::uint32_t word = (static_cast<std::uint32_t>(random()) & ~kind.mask) | kind.kind;
    for (const std::uint32_t number : {0u, 0x400u, 0x8020u, 0x5000u, ~0u, static_cast<std::uint32_t>(random())}) {
      std::array<std::uint8_t, 4> bytes{};
      const std::uint32_t changed = word ^ (number & kind.number);
      std::memcpy(bytes.data(), &changed, sizeof changed);
      Instruction first, later;
      const bool is_one = plain->decode(bytes, 0x1000, first);
      ASSERT_EQ(again->decode(bytes, 0x1000, later), is_one) << std::hex << changed;
      if (!is_one) continue;
      ASSERT_EQ(later, first) << std::hex << changed;
    }
  }
}

// So are x86-64's bytes, whatever comes after them. A prefix is an instruction or a part of one by what follows.
TEST(Decoder, BytesThatAreSeenAgainMeanTheSame) {
  const std::vector<Bytes> starts = {
      {0x48, 0x89, 0xe5},                                   // mov %rsp, %rbp
      {0x55},                                               // push %rbp
      {0xc3},                                               // ret
      {0x48, 0x8b, 0x45, 0xf8},                             // mov -8(%rbp), %rax
      {0x48, 0x8d, 0x3d, 0x10, 0, 0, 0},                    // lea 16(%rip), %rdi
      {0xe8, 0x10, 0, 0, 0},                                // call
      {0x74, 0x05},                                         // je
      {0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8},                 // movabs
      {0xc7, 0x84, 0x24, 0x80, 0, 0, 0, 1, 0, 0, 0},        // movl $1, 0x80(%rsp)
      {0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0},        // nopw
      {0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0},  // data16 nopw
      {0xf0, 0x48, 0x0f, 0xb1, 0x0a},                       // lock cmpxchg
      {0xf0},
      {0xf2},
      {0xf3},
      {0x66},
      {0x48},
      {0x2e},
      {0x64},
      {0x9b},                    // prefixes, or alone
      {0xf3, 0x48, 0xab},        // rep stosq
      {0xf3, 0x0f, 0x1e, 0xfa},  // endbr64
      {0xc5, 0xf8, 0x11, 0x00},  // vmovups
      // A zero where another instruction would have its distance.
      {0xc5, 0x7c, 0x10, 0x00},              // vmovups (%rax), %ymm8
      {0xc5, 0x7c, 0x10, 0x0c, 0x10},        // vmovups (%rax,%rdx), %ymm9
      {0xc5, 0x7c, 0x10, 0x40, 0x40},        // vmovups 0x40(%rax), %ymm8
      {0xc4, 0xc1, 0x7c, 0x10, 0x40, 0xe0},  // vmovups -0x20(%r8), %ymm0
      {0x66, 0x0f, 0x38, 0x40, 0x00},        // pmulld (%rax), %xmm0
      {0x66, 0x0f, 0x38, 0x40, 0x40, 0x10},  // pmulld 0x10(%rax), %xmm0
      {0x48, 0x8b, 0x80, 0x10, 1, 0, 0},     // mov 0x110(%rax), %rax
      {0x48, 0x8d, 0x44, 0x88, 0xf0},        // lea -0x10(%rax,%rcx,4), %rax
      {0x80, 0x7d, 0x10, 0x00},              // cmpb $0, 0x10(%rbp)
      {0x64, 0x48, 0x8b, 0x40, 0x10},        // mov %fs:0x10(%rax), %rax
      {0x06},                                // never an instruction
  };
  const std::vector<Bytes> ends = {
      {0x90, 0x90, 0x90}, {0x48, 0x01, 0xc8}, {0xf0, 0x01, 0x08}, {0xc3, 0, 0}, {0xff, 0xff}};
  const std::unique_ptr<Decoder> again = Decoder::create(x86);
  for (const std::uint64_t address : {std::uint64_t{0x1000}, std::uint64_t{0x5ff4}}) {
    for (const Bytes& end : ends) {
      for (Bytes bytes : starts) {
        bytes.insert(bytes.end(), end.begin(), end.end());
        bytes.resize(32);
        Instruction first, later;
        const bool is_one = Decoder::create_plain(x86)->decode(bytes, address, first);
        EXPECT_EQ(again->decode(bytes, address, later), is_one);
        EXPECT_EQ(later, first) << std::hex << unsigned{bytes[0]} << ' ' << unsigned{bytes[1]} << " at " << address;
      }
    }
  }
}

// Whatever the bytes, and whatever was seen before them: the opcodes whose last bytes are a distance above all.
TEST(Decoder, BytesThatAreSeenAgainMeanTheSameWhateverTheyAre) {
  std::mt19937 random(7);
  constexpr std::array<std::uint8_t, 32> likely{0x00, 0x40, 0x44, 0x80, 0x62, 0xC4, 0x64, 0x67, 0x66, 0xF2, 0xF3,
                                                0x48, 0x4C, 0x41, 0x0F, 0xE8, 0xE9, 0xEB, 0x74, 0x84, 0x8B, 0x8D,
                                                0x89, 0x05, 0x0D, 0x3D, 0xFF, 0x15, 0x25, 0xC7, 0xC5, 0x38};
  const std::unique_ptr<Decoder> again = Decoder::create(x86), plain = Decoder::create_plain(x86);
  Bytes bytes(32);
  for (unsigned round = 0; round < 200000; ++round) {
    for (std::size_t i = 0; i < 7; ++i)
      bytes[i] = random() % 4 != 0 ? likely[random() % likely.size()] : random() & 0xFF;
    for (std::size_t i = 7; i < 16; ++i) bytes[i] = random() & 0xFF;
    const std::uint64_t address = 0x1000 + (random() & 0xFFFF);
    Instruction first, later;
    const bool is_one = plain->decode(bytes, address, first);
    ASSERT_EQ(again->decode(bytes, address, later), is_one) << "round " << round;
    if (!is_one) continue;
    ASSERT_EQ(later, first) << "round " << round << std::hex << ", opcode " << unsigned{bytes[0]};
  }
}

// Found by fuzzing: an image that lies at the end of the addresses. They wrap, as the machine's do.
TEST(Decoder, AddressesBesideTheInstructionWrap) {
  const std::uint64_t middle = std::uint64_t{1} << 63, last = ~std::uint64_t{0};
  const Instruction back = decode(x86, {0x48, 0x8b, 0x05, 0xf0, 0xff, 0xff, 0xff}, middle);  // mov -16(%rip), %rax
  EXPECT_EQ(static_cast<std::uint64_t>(back.memory.displacement), middle + 7 - 16);
  const Instruction over = decode(x86, {0x48, 0x8b, 0x05, 16, 0, 0, 0}, last - 7);
  EXPECT_EQ(static_cast<std::uint64_t>(over.memory.displacement), 15u);
  const Instruction literal = decode(arm, {0xe0, 0xff, 0xff, 0x58}, middle);  // ldr x0, -4
  EXPECT_EQ(static_cast<std::uint64_t>(literal.memory.displacement), middle - 4);
}

}  // namespace
}  // namespace isoaudit::analyzer
