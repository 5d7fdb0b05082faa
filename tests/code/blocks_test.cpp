// The order in which a function's blocks are looked at: what is looked at once needs no state kept for it.
#include "analyzer/code/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t text_at = 0x1000;

/// One instruction that is a block: a branch (jump) to block `target`, or a return.
struct Step {
  Op op = Op::result;
  std::uint64_t target = 0;
};

Blocks blocks_of(const std::vector<Step>& steps) {
  FunctionCode code{.begin = text_at, .end = text_at + steps.size()};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Instruction& instruction = code.instructions.emplace_back();
    instruction.address = text_at + i;
    instruction.size = 1;
    instruction.op = steps[i].op;
    instruction.has_target = steps[i].op != Op::result;
    instruction.target = text_at + steps[i].target;
  }
  code.number();
  Blocks blocks;
  blocks.cut(code);
  blocks.put_in_order(code);
  return blocks;
}

std::vector<std::uint32_t> order(const Blocks& blocks) {
  std::vector<std::uint32_t> in_order;
  for (std::uint32_t rank = 0; rank < blocks.size(); ++rank) in_order.push_back(blocks.at_rank(rank));
  return in_order;
}

std::vector<bool> behind_loops(const Blocks& blocks) {
  std::vector<bool> behind;
  for (std::uint32_t block = 0; block < blocks.size(); ++block) behind.push_back(blocks.is_behind_loops(block));
  return behind;
}

/// By rank, counted from the first on.
std::vector<std::uint32_t> loops(const Blocks& blocks) {
  std::vector<std::uint32_t> loops;
  for (std::uint32_t rank = 0; rank < blocks.size(); ++rank) loops.push_back(blocks.loop_of(rank) - blocks.loop_of(0));
  return loops;
}

TEST(Blocks, WhatIsReachedOnTwoWaysComesAfterBoth) {
  const Blocks blocks = blocks_of({{Op::branch, 3}, {Op::branch, 3}, {Op::result}, {Op::result}});
  EXPECT_THAT(order(blocks), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(behind_loops(blocks), ElementsAre(true, true, true, true));
}

TEST(Blocks, ALoopWithAnUnlikelyPartAtTheEndComesBeforeWhatFollowsIt) {
  // 4, the unlikely part, leads back to 0; 2 and 3 follow the loop.
  const Blocks blocks = blocks_of({{Op::branch, 4}, {Op::branch, 0}, {Op::branch, 3}, {Op::result}, {Op::jump, 0}});
  EXPECT_THAT(order(blocks), ElementsAre(0, 1, 4, 2, 3));
  EXPECT_THAT(behind_loops(blocks), ElementsAre(false, false, true, true, false));
}

TEST(Blocks, ALoopWithinALoopBelongsToIt) {
  // 1 leads to itself, 2 back to 0.
  const Blocks blocks = blocks_of({{Op::branch, 3}, {Op::branch, 1}, {Op::branch, 0}, {Op::result}});
  EXPECT_THAT(order(blocks), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(loops(blocks), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(behind_loops(blocks), ElementsAre(false, false, false, true));
}

TEST(Blocks, LoopsThatFollowEachOtherAreTwo) {
  // 1 leads back to 0; 2, which follows at once, to itself.
  const Blocks blocks = blocks_of({{Op::branch, 3}, {Op::branch, 0}, {Op::branch, 2}, {Op::result}});
  EXPECT_THAT(order(blocks), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(loops(blocks), ElementsAre(0, 0, 1, 2));
}

TEST(Blocks, ALoopWithTwoEntriesIsOne) {
  const Blocks blocks = blocks_of({{Op::branch, 2}, {Op::branch, 4}, {Op::branch, 1}, {Op::result}, {Op::result}});
  EXPECT_THAT(behind_loops(blocks), ElementsAre(true, false, false, true, true));
}

}  // namespace
}  // namespace isoaudit::analyzer
