#include "analyzer/image/memory.h"

#include <gtest/gtest.h>

namespace isoaudit::analyzer {
namespace {

Pointer number(std::uint64_t value) { return {value == 0 ? Pointer::Kind::null : Pointer::Kind::plain, value, {}}; }

class MemoryOverImage : public testing::Test {
 protected:
  MemoryOverImage() {
    Section zero;
    zero.name = ".bss";
    zero.address = 0x1000;
    zero.size = 0x100;
    zero.kind = model::SectionClass::zero;
    image.sections.push_back(zero);
  }
  Image image;
};

TEST_F(MemoryOverImage, StartsAsTheImage) {
  const Memory memory(image);
  EXPECT_EQ(memory.number_at(0x1000, 8), 0u);
  EXPECT_TRUE(memory.pointer_at(0x1000).is_null());
  EXPECT_FALSE(memory.number_at(0x2000, 8).has_value());
  EXPECT_FALSE(memory.number_at(0x10FC, 8).has_value()) << "runs over the end";
}

TEST_F(MemoryOverImage, NarrowStoresMakeUpAWord) {
  Memory memory(image);
  memory.store(0x1000, 4, number(3));
  EXPECT_EQ(memory.number_at(0x1000, 8), 3u);
  memory.store(0x1004, 2, number(0xABCD));
  EXPECT_EQ(memory.number_at(0x1000, 8), 0xABCD00000003u);
  EXPECT_EQ(memory.number_at(0x1004, 1), 0xCDu);
}

TEST_F(MemoryOverImage, ALaterStoreCutsAnEarlierOne) {
  Memory memory(image);
  memory.store(0x1000, 8, number(0x1122334455667788));
  memory.store(0x1002, 2, number(0));
  EXPECT_EQ(memory.number_at(0x1000, 8), 0x1122334400007788u);
}

TEST_F(MemoryOverImage, UnknownIsNotZero) {
  Memory memory(image);
  memory.store(0x1000, 8, Pointer{});
  EXPECT_FALSE(memory.number_at(0x1000, 4).has_value());
  EXPECT_EQ(memory.pointer_at(0x1000).kind, Pointer::Kind::unreadable);
  memory.forget(0x1010, 32);
  EXPECT_FALSE(memory.number_at(0x1018, 8).has_value());
  memory.store(0x1018, 8, number(5));
  EXPECT_EQ(memory.number_at(0x1018, 8), 5u);
  EXPECT_FALSE(memory.number_at(0x1020, 8).has_value());
  EXPECT_EQ(memory.number_at(0x1030, 8), 0u);
}

TEST_F(MemoryOverImage, ClearedMemoryIsZerosOfAnyLength) {
  Memory memory(image);
  memory.forget(0x1000, 64);
  memory.clear(0x1000, 32);
  EXPECT_EQ(memory.number_at(0x1018, 8), 0u);
  memory.store(0x1008, 4, number(7));
  EXPECT_EQ(memory.number_at(0x1008, 8), 7u);
  EXPECT_EQ(memory.number_at(0x1000, 8), 0u);
  EXPECT_TRUE(memory.pointer_at(0x1018).is_null()) << "the rest of what was cut";
  EXPECT_FALSE(memory.number_at(0x1020, 8).has_value());
}

TEST_F(MemoryOverImage, StoresOverTheEndOfTheAddressSpaceAreNone) {
  Memory memory(image);
  memory.store(0xFFFFFFFFFFFFFFF0, 8, number(1));
  memory.store(0xFFFFFFFFFFFFFFFC, 8, number(2));
  memory.forget(0xFFFFFFFFFFFFFFFC, 8);
  memory.clear(0xFFFFFFFFFFFFFFFC, 8);
  EXPECT_EQ(memory.size(), 1u);
  EXPECT_EQ(memory.number_at(0xFFFFFFFFFFFFFFF0, 8), 1u);
}

TEST_F(MemoryOverImage, AddressesOverwritePlainWordsWhole) {
  Memory memory(image);
  memory.store(0x1000, 8, {Pointer::Kind::address, 0x1080, {}});
  EXPECT_EQ(memory.pointer_at(0x1000).value, 0x1080u);
  EXPECT_FALSE(memory.number_at(0x1000, 4).has_value()) << "half of an address is no number";
}

}  // namespace
}  // namespace isoaudit::analyzer
