// What becomes of a page's address on AArch64, by hand-made instructions.
#include "analyzer/code/page_uses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <utility>

#include "tests/code/made_function.h"

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;
using testing::Optional;
using testing::Pair;
/// Where, and how many bytes are loaded.
using Uses = std::vector<std::pair<std::uint64_t, unsigned>>;

constexpr Register page = 1, other = 2;

Instruction adrp() { return {.memory = {.displacement = 0x5000}, .op = Op::address, .dst = page, .has_memory = true}; }
Instruction load(Register to, Register base) {
  return {.memory = {.base = base, .displacement = 0x18}, .op = Op::load, .width = 8, .dst = to, .has_memory = true};
}
Instruction store(Register from, Register base) {
  Instruction stores{.memory = {.base = base}, .op = Op::store, .width = 8, .src = from, .has_memory = true};
  stores.writes_memory = true;
  return stores;
}
Instruction add(Register to, Register from) {
  return {.immediate = 0x20, .op = Op::add, .dst = to, .src = from, .has_immediate = true};
}
Instruction plain(Op op, Register to, Register from) { return {.op = op, .dst = to, .src = from}; }

/// None where they are not known.
std::optional<Uses> uses_of(std::initializer_list<Instruction> then) {
  std::vector<Instruction> code{adrp()};
  code.insert(code.end(), then);
  const FunctionCode function = tests::made_function(code);
  std::vector<PageUse> found;
  if (!find_page_uses(function, 0, found)) return std::nullopt;
  Uses uses;
  for (const PageUse& use : found) uses.emplace_back(use.address, use.loads);
  return uses;
}

TEST(PageUses, AreCompletedAddresses) {
  EXPECT_THAT(uses_of({load(page, page)}), Optional(ElementsAre(Pair(0x5018, 8))));
  EXPECT_THAT(uses_of({add(page, page)}), Optional(ElementsAre(Pair(0x5020, 0))));
  EXPECT_THAT(uses_of({plain(Op::copy, 7, 8), load(other, page), add(other, page), plain(Op::copy, page, 9)}),
              Optional(ElementsAre(Pair(0x5018, 8), Pair(0x5020, 0))));
}

TEST(PageUses, AreNotKnownWhereThePageLivesOn) {
  EXPECT_EQ(uses_of({load(other, page)}), std::nullopt);
  EXPECT_EQ(uses_of({load(other, page), plain(Op::call, no_register, no_register), load(page, page)}), std::nullopt);
  EXPECT_EQ(uses_of({plain(Op::branch, no_register, no_register), load(page, page)}), std::nullopt);
  EXPECT_EQ(uses_of({plain(Op::result, no_register, no_register)}), std::nullopt);
}

TEST(PageUses, AreNotKnownWhereAnythingElseIsMadeOfIt) {
  EXPECT_EQ(uses_of({store(other, page), load(page, page)}), std::nullopt);
  EXPECT_EQ(uses_of({store(page, other), load(page, page)}), std::nullopt);
  EXPECT_EQ(uses_of({plain(Op::copy, other, page), load(page, page)}), std::nullopt);
  EXPECT_EQ(uses_of({plain(Op::insert, page, no_register)}), std::nullopt);
  Instruction indexed = load(page, other);
  indexed.memory.index = page;
  EXPECT_EQ(uses_of({indexed}), std::nullopt);
  Instruction moves_on = load(other, page);
  moves_on.memory.writeback = 8;
  EXPECT_EQ(uses_of({moves_on, load(page, page)}), std::nullopt);
  Instruction sum = plain(Op::add, page, other);
  sum.src2 = page;
  EXPECT_EQ(uses_of({sum}), std::nullopt);
}

TEST(PageUses, EndWithTheSecondRegisterOfAPair) {
  Instruction pair = load(other, page);
  pair.pair = true;
  pair.src2 = page;
  EXPECT_THAT(uses_of({pair}), Optional(ElementsAre(Pair(0x5018, 16))));
}

}  // namespace
}  // namespace isoaudit::analyzer
