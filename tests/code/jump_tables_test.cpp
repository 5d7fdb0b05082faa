// Jumps through tables and calls at a function's end, as compilers write them: AArch64's instructions as words.
#include "analyzer/code/jump_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::uint64_t text_at = 0x10000, tables_at = 0x20000, data_at = 0x30000;

class JumpTables : public testing::Test {
 protected:
  /// The function's code, and what lies at tables_at.
  void read(const std::vector<std::uint32_t>& words, const std::string& tables = "") {
    std::string bytes(words.size() * 4, '\0');
    std::memcpy(bytes.data(), words.data(), bytes.size());
    read_bytes(bytes, tables, Machine::aarch64);
  }

  /// `others`: bytes behind the function that are not its own.
  void read_bytes(const std::string& bytes, const std::string& tables, Machine machine, std::size_t others = 0) {
    const std::size_t text = bytes.size();
    const auto file = hold_bytes(bytes + tables);
    image.machine = machine;
    image.file = file;
    Section code{.name = ".text", .address = text_at, .size = text, .bytes = file->bytes().first(text)};
    code.kind = model::SectionClass::constant;
    code.executable = true;
    Section read_only{.name = ".rodata", .address = tables_at, .size = tables.size()};
    read_only.bytes = file->bytes().subspan(text);
    read_only.kind = model::SectionClass::constant;
    image.sections = {code, read_only};
    const auto decoder = Decoder::create(image.machine);
    const CodePointers pointers(image);
    decode_function(image, *decoder, {text_at, text_at + text - others, "f"}, &pointers, function);
    for (std::uint64_t& label : function.labels) label -= text_at;
    for (auto& way : function.table_ways) way.second -= text_at;
  }

  Image image{};
  FunctionCode function{};
};

constexpr std::uint32_t ret = 0xd65f03c0;

TEST_F(JumpTables, DistancesInBytesFromALabelAsGccCountsThem) {
  read({0x71000c1f,       // cmp w0, #3
        0x54000168,       // b.hi 0x30
        0x90000081,       // adrp x1, 0x20000
        0x91004021,       // add x1, x1, #0x10
        0x38604820,       // ldrb w0, [x1, w0, uxtw]
        0x10000061,       // adr x1, 0x20
        0x8b208820,       // add x0, x1, w0, sxtb #2
        0xd61f0000,       // br x0
        0x52800020, ret,  // 0x20
        0x52800040, ret,  // 0x28
        ret},             // 0x30
       std::string(16, '\x7f') + std::string("\x00\x02\x04\xfd\x01\x01", 6));
  EXPECT_THAT(function.labels, ElementsAre(0x14, 0x20, 0x28, 0x30));
  EXPECT_FALSE(function.jumps_unknown);
}

TEST_F(JumpTables, DistancesOfTwoBytesAsClangCountsThem) {
  read({0x7100081f,        // cmp w0, #2
        0x54000069,        // b.ls 0x10
        0x52800009, ret,   //
        0x2a0003e8,        // 0x10: mov w8, w0
        0x90000089,        // adrp x9, 0x20000
        0x91008129,        // add x9, x9, #0x20
        0x1000008a,        // adr x10, 0x2c
        0x7868792b,        // ldrh w11, [x9, x8, lsl #1]
        0x8b0b094a,        // add x10, x10, x11, lsl #2
        0xd61f0140,        // br x10
        0x52800020, ret,   // 0x2c
        0x52800040, ret},  // 0x34
       std::string(32, '\x7f') + std::string("\x00\x00\x02\x00\x00\x00\x01\x00\x03\x00", 10));
  EXPECT_THAT(function.labels, ElementsAre(0x2c, 0x34));
  EXPECT_FALSE(function.jumps_unknown);
}

TEST_F(JumpTables, DistancesOfFourBytesFromTheTable) {
  const std::int32_t first = static_cast<std::int32_t>(text_at + 0x1c - (tables_at + 0x40));
  std::string table(0x40 + 16, '\x7f');
  for (std::int32_t i = 0; i < 4; ++i) {
    const std::int32_t distance = first + i * 4;
    std::memcpy(table.data() + 0x40 + static_cast<std::size_t>(i) * 4, &distance, sizeof distance);
  }
  read({0xf1000c1f,       // cmp x0, #3
        0x54000102,       // b.hs 0x24
        0x90000089,       // adrp x9, 0x20000
        0x91010129,       // add x9, x9, #0x40
        0xb8a0792a,       // ldrsw x10, [x9, x0, lsl #2]
        0x8b0a0129,       // add x9, x9, x10
        0xd61f0120,       // br x9
        0x52800020, ret,  // 0x1c
        ret},             // 0x24
       table);
  EXPECT_THAT(function.labels, ElementsAre(0x1c, 0x20, 0x24));
  EXPECT_THAT(function.table_ways, ElementsAre(Pair(6, 0x1c), Pair(6, 0x20), Pair(6, 0x24)));
  EXPECT_FALSE(function.jumps_unknown);
}

TEST_F(JumpTables, ATableWithoutAComparisonEndsWhereItLeadsOut) {
  read({0x90000081,  // adrp x1, 0x20000
        0x38604820,  // ldrb w0, [x1, w0, uxtw]
        0x10000061,  // adr x1, 0x14
        0x8b208820,  // add x0, x1, w0, sxtb #2
        0xd61f0000,  // br x0
        ret, ret},   // 0x14
       std::string("\x01\x00\x70\x01", 4));
  EXPECT_THAT(function.labels, ElementsAre(0x14, 0x18));
  EXPECT_THAT(function.table_ways, IsEmpty());
  EXPECT_FALSE(function.jumps_unknown);
}

/// x86-64's `switch` and four returns.
std::string x86_switch(const std::string& compare) {
  const auto distance = static_cast<std::int32_t>(tables_at - (text_at + compare.size() + 7));
  std::string code = compare;
  code.append("\x48\x8d\x0d");  // lea table(%rip),%rcx
  code.append(reinterpret_cast<const char*>(&distance), sizeof distance);
  code.append("\x48\x63\x04\xb9");  // movslq (%rcx,%rdi,4),%rax
  code.append("\x48\x01\xc8");      // add %rcx,%rax
  code.append("\xff\xe0");          // jmp *%rax
  code.append("\xc3\xc3\xc3\xc3");
  return code;
}
const std::string compare_with_2 = "\x83\xff\x02\x77\x13";  // cmp $2,%edi; ja to the last return

/// Distances to the first returns behind a jump that ends at `behind`.
std::string x86_table(std::size_t behind, int entries) {
  std::string table;
  for (int i = 0; i < entries; ++i) {
    const auto distance = static_cast<std::int32_t>(text_at + behind - tables_at) + i;
    table.append(reinterpret_cast<const char*>(&distance), sizeof distance);
  }
  return table;
}

TEST_F(JumpTables, OfX86AsManyAsTheComparisonSays) {
  read_bytes(x86_switch(compare_with_2), x86_table(0x15, 4), Machine::x86_64);
  EXPECT_THAT(function.labels, ElementsAre(0x15, 0x16, 0x17));
  EXPECT_THAT(function.table_ways, ElementsAre(Pair(5, 0x15), Pair(5, 0x16), Pair(5, 0x17)));
}

TEST_F(JumpTables, OfX86WithoutAComparisonAsManyAsLeadIntoTheFunction) {
  read_bytes(x86_switch(""), x86_table(0x10, 5), Machine::x86_64);
  EXPECT_THAT(function.labels, ElementsAre(0x10, 0x11, 0x12, 0x13));
  EXPECT_THAT(function.table_ways, ElementsAre(Pair(3, 0x10), Pair(3, 0x11), Pair(3, 0x12), Pair(3, 0x13)));
}

/// GCC puts unlikely cases elsewhere, whatever their number.
TEST_F(JumpTables, OfX86AWayThatWasPutElsewhereEndsNoTable) {
  const std::string table = x86_table(0x10, 1) + x86_table(0x14, 1) + x86_table(0x11, 1);
  read_bytes(x86_switch("") + '\xc3', table, Machine::x86_64, 1);
  EXPECT_THAT(function.labels, ElementsAre(0x10, 0x11));
  EXPECT_THAT(function.labels_elsewhere, ElementsAre(text_at + 0x14));
  EXPECT_THAT(function.table_ways, ElementsAre(Pair(3, 0x10), Pair(3, 0x11)));
}

/// Control comes to the jump from elsewhere, with a table that nobody knows.
TEST_F(JumpTables, OfX86BehindAReturnTheTableIsGuessed) {
  std::string code = x86_switch(compare_with_2);
  code.insert(0xc, 1, '\xc3');
  read_bytes(code, x86_table(0x16, 2), Machine::x86_64);
  EXPECT_THAT(function.labels, ElementsAre(0x16, 0x17));
  EXPECT_THAT(function.table_ways, IsEmpty());
}

const std::vector<std::uint32_t> through_pointer = {0xf9400408,   // ldr x8, [x0, #8]
                                                    0xf9409d02,   // ldr x2, [x8, #0x138]
                                                    0xd2800001,   // mov x1, #0
                                                    0xd61f0040};  // br x2

TEST_F(JumpTables, AFunctionThatAnObjectNamesIsCalledAtTheEnd) {
  read(through_pointer);
  EXPECT_THAT(function.labels, IsEmpty());
  EXPECT_FALSE(function.jumps_unknown);
}

TEST_F(JumpTables, ItMayBeALabelWhereMemoryHoldsAddressesOfLabels) {
  image.relocations = {{.at = data_at, .target = text_at + 8, .name = 0}};
  read(through_pointer);
  EXPECT_TRUE(function.jumps_unknown);
}

TEST_F(JumpTables, OrWhereTheFunctionPutsOneTogether) {
  read({0x10000041,    // adr x1, 8
        0xf9000001,    // str x1, [x0]
        0xf9400008,    // 8: ldr x8, [x0]
        0xd61f0100});  // br x8
  EXPECT_TRUE(function.jumps_unknown);
}

TEST_F(JumpTables, WhatIsComputedInAnUnknownWayMayLeadAnywhere) {
  read({0x8b010000,  // add x0, x0, x1
        0xd61f0000,  // br x0
        ret});
  EXPECT_TRUE(function.jumps_unknown);
}

}  // namespace
}  // namespace isoaudit::analyzer
