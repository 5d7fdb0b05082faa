// What becomes of an address that is put on the stack, by hand-made instructions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

#include "tests/code/address_walk_fixture.h"

namespace isoaudit::analyzer {
namespace {

using namespace tests;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

class AddressWalkOnStack : public AddressWalkTest {};

TEST_F(AddressWalkOnStack, GivesUpWhereItIsNotSeenWhereItIsKept) {
  Instruction push{.op = Op::push, .width = 8, .src = rax};
  EXPECT_EQ(uses_of({take(rax), push}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), store(rax, rbp, -8)}), std::nullopt);
  // An object's field is nobody's variable.
  EXPECT_THAT(uses_of({take(rax), store(rax, rbx, 8)}), Optional(IsEmpty()));
  EXPECT_EQ(uses_of({take(rax), of_memory(Op::address, rcx, {.base = rsp, .displacement = 8}), store(rcx, rsp),
                     load(rbx, rsp, 0), store(rax, rbx, 8)}),
            std::nullopt);
  // Whoever is called returns an object of his own.
  EXPECT_THAT(uses_of({take(r15), of_memory(Op::address, rbx, {.base = rsp, .displacement = 8}), call(), copy(rbx, rax),
                       store(r15, rbx, 8)}),
              Optional(IsEmpty()));
}

TEST_F(AddressWalkOnStack, FollowsTheStack) {
  EXPECT_THAT(uses_of({take(rax), store(rax, rsp, 8)}), Optional(IsEmpty()));
  EXPECT_THAT(uses_of({take(rax), store(rax, rsp, 8), load(rbx, rsp, 8), load(rcx, rbx)}),
              Optional(ElementsAre("reads 0x18")));
  EXPECT_EQ(uses_of({take(rax), store(rax, rsp, 8), load(rbx, rsp, 8), store(rcx, rbx)}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), add(rsp, rsp, -0x20), store(rax, rsp, 8), add(rsp, rsp, 0x20), load(rbx, rsp, -0x18),
                     store(rcx, rbx)}),
            std::nullopt);
  EXPECT_EQ(uses_of({take(rax), store(rax, rsp, 8), to(Op::branch, 4), store(rcx, rsp, 8), load(rbx, rsp, 8),
                     store(rcx, rbx)}),
            std::nullopt);
  EXPECT_THAT(uses_of({take(rax), store(rax, rsp, 8), store(rcx, rsp, 8), load(rbx, rsp, 8), store(rcx, rbx)}),
              Optional(IsEmpty()));
  // Another word, and a part of it.
  EXPECT_THAT(uses_of({take(rax), store(rax, rsp, 8), load(rbx, rsp, 0x10), store(rcx, rbx)}), Optional(IsEmpty()));
  Instruction part = load(rbx, rsp, 8);
  part.width = 4;
  EXPECT_THAT(uses_of({take(rax), store(rax, rsp, 8), part, store(rcx, rbx)}), Optional(IsEmpty()));
  const Instruction pushes{.memory = {.base = rsp, .displacement = 8}, .op = Op::push, .width = 8, .has_memory = true};
  EXPECT_EQ(uses_of({take(rax), store(rax, rsp, 8), pushes}), std::nullopt);
}

TEST_F(AddressWalkOnStack, FollowsUpperHalvesToTheStackAndBack) {
  Instruction pair = store(xmm1, rsp, 0x10);
  pair.width = 16;
  const Instruction merges = merge(xmm1, xmm1, xmm0);
  EXPECT_EQ(uses_of({take(rax), copy(xmm0, rax), merges, pair, load(rbx, rsp, 0x18), store(rcx, rbx)}), std::nullopt);
  EXPECT_THAT(uses_of({take(rax), copy(xmm0, rax), merges, pair, load(rbx, rsp, 0x10), store(rcx, rbx)}),
              Optional(IsEmpty()));
  Instruction back = load(xmm1, rsp, 0x10), high = store(xmm1, rsp, 0x30);
  back.width = 16, high.op = Op::store_high;
  EXPECT_EQ(uses_of({take(rax), copy(xmm0, rax), merges, pair, zero(xmm1), back, high, load(rbx, rsp, 0x30),
                     store(rcx, rbx)}),
            std::nullopt);
}

TEST_F(AddressWalkOnStack, FollowsWhatTheAddressOfTheStackLeadsTo) {
  const Instruction place = of_memory(Op::address, rbx, {.base = rsp, .displacement = 8});
  EXPECT_THAT(uses_of({take(rax), place, store(rax, rbx, 8)}), Optional(IsEmpty()));
  EXPECT_EQ(uses_of({take(rax), place, store(rax, rbx, 8), load(rcx, rsp, 0x10), store(rax, rcx)}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), store(rax, rsp, 0x10), place, load(rcx, rbx, 8), store(rax, rcx)}), std::nullopt);
  EXPECT_THAT(uses_of({take(rax), store(rax, rsp, 0x10), place, load(rcx, rbx, 0), store(rax, rcx)}),
              Optional(IsEmpty()));
  // Compilers count backwards too.
  const Instruction behind = of_memory(Op::address, rbx, {.base = rsp, .displacement = 0x20});
  EXPECT_EQ(uses_of({take(rax), store(rax, rsp, 0x10), behind, load(rcx, rbx, -0x10), store(rax, rcx)}), std::nullopt);
  // From row to row it is not followed: the table ends somewhere.
  EXPECT_THAT(uses_of({take(rax), store(rax, rsp, 0x10), place, add(rbx, rbx, 8), load(rcx, rbx, 0), store(rax, rcx)}),
              Optional(IsEmpty()));
}

/// By whoever goes through the place's address, or by the stack pointer.
TEST_F(AddressWalkOnStack, WhatIsOverwrittenIsNotLoadedThroughThePlacesAddress) {
  const Instruction place = of_memory(Op::address, rbx, {.base = rsp, .displacement = 8});
  const auto follows = [&](std::vector<Instruction> between, std::int64_t from = 8) {
    std::vector<Instruction> code{take(rax), store(rax, rsp, 0x10), place, zero(rcx)};
    code.insert(code.end(), between.begin(), between.end());
    code.insert(code.end(), {load(rdi, rbx, from), store(rcx, rdi)});
    return uses_of(code).has_value();
  };
  EXPECT_FALSE(follows({}));
  EXPECT_TRUE(follows({store(rcx, rbx, 8)}));
  EXPECT_TRUE(follows({store(rcx, rsp, 0x10)}));
  // Beside it; through what may be the place or not.
  EXPECT_FALSE(follows({store(rcx, rbx, 0x10)}));
  EXPECT_FALSE(follows({load(rdi, rax), store(rcx, rdi, 8)}));
  Instruction indexed = store(rcx, rbx, 8);
  indexed.memory.index = rdi;
  EXPECT_FALSE(follows({indexed}));
  // Through a mask: of what is stored nothing is known.
  for (const Register base : {rbx, rsp}) {
    Instruction masked = store(no_register, base, base == rsp ? 0x10 : 8);
    EXPECT_FALSE(follows({masked}));
    masked.has_immediate = true;
    EXPECT_TRUE(follows({masked}));
  }
  // On one of two ways only; put there again.
  EXPECT_FALSE(follows({to(Op::branch, 6), store(rcx, rbx, 8)}));
  EXPECT_FALSE(follows({store(rcx, rbx, 8), store(rax, rsp, 0x10)}));
  EXPECT_FALSE(follows({store(rcx, rbx, 8), store(rax, rbx, 8)}));
  // It was written before the function began to keep another one there.
  EXPECT_FALSE(follows({store(rcx, rbx, 8), add(rax, rax, 8), store(rax, rsp, 0x18)}, 0x10));
}

/// Each way has the place in another register: what one of them writes through says nothing of the other.
TEST_F(AddressWalkOnStack, AnotherRegisterMayHoldThePlaceWhereOneIsWrittenThrough) {
  const Instruction place = of_memory(Op::address, rbx, {.base = rsp, .displacement = 8});
  const std::vector<Instruction> begin{take(rax), store(rax, rsp, 0x10), zero(rcx), place};
  const std::vector<Instruction> end{store(rcx, rbx, 8), load(rdi, r15, 8), store(rcx, rdi), plain(Op::result)};
  const std::vector<Instruction> other{copy(r15, rbx), load(rbx, rdi)};
  const auto joined = [&](const std::vector<std::vector<Instruction>>& parts) {
    std::vector<Instruction> code = begin;
    for (const auto& part : parts) code.insert(code.end(), part.begin(), part.end());
    return code;
  };
  EXPECT_EQ(uses_of(joined({{to(Op::branch, 7)}, other, end})), std::nullopt);
  EXPECT_EQ(uses_of(joined({{to(Op::branch, 9)}, end, other, {to(Op::jump, 5)}})), std::nullopt);
  EXPECT_NE(uses_of(joined({end})), std::nullopt);
}

TEST_F(AddressWalkOnStack, FindsWhatIsPutOnTheStackAgainBehindManyBlocks) {
  const auto code = [](const Instruction& between) {
    std::vector<Instruction> all{take(r15), of_memory(Op::address, rbx, {.base = rsp, .displacement = 8}), zero(rcx),
                                 store(r15, rsp, 0x10), store(rcx, rbx, 8)};
    const auto add_blocks = [&] {
      for (std::size_t i = 0; i < 200; ++i) all.push_back(i % 4 == 3 ? to(Op::branch, all.size() - 2) : zero(rcx));
    };
    add_blocks();
    all.push_back(between);
    add_blocks();
    all.push_back(load(rdi, rbx, 8));
    all.push_back(store(rcx, rdi));
    return all;
  };
  EXPECT_EQ(uses_of(code(store(r15, rsp, 0x10))), std::nullopt);
  EXPECT_THAT(uses_of(code(zero(rcx))), Optional(IsEmpty()));
}

TEST_F(AddressWalkOnStack, WhatIsOverwrittenBehindACallIsThereWhereItsExceptionIsCaught) {
  image.sections.push_back({".gcc_except_table", 0x7000, 8, model::SectionClass::constant, false, {}});
  const Instruction place = of_memory(Op::address, rbx, {.base = rsp, .displacement = 8});
  const auto follows = [&](const std::vector<Instruction>& calls) {
    std::vector<Instruction> code{take(rax), store(rax, rsp, 0x10), place, zero(rcx)};
    code.insert(code.end(), calls.begin(), calls.end());
    code.insert(code.end(), {plain(Op::result), load(rdi, rbx, 8), store(rcx, rdi), plain(Op::result)});
    return uses_of(code).has_value();
  };
  EXPECT_FALSE(follows({call()}));
  EXPECT_TRUE(follows({store(rcx, rbx, 8), call()}));
  EXPECT_FALSE(follows({call(), store(rcx, rbx, 8), call()}));
  EXPECT_FALSE(follows({to(Op::branch, 7), store(rcx, rbx, 8), call(), call()}));
}

/// Who has the table is told to write; what the function finds there afterwards is mostly something else.
TEST_F(AddressWalkOnStack, FollowsFromOneTableToTheNext) {
  const auto place = [](Register to, std::int64_t distance) {
    return of_memory(Op::address, to, {.base = rsp, .displacement = distance});
  };
  const std::vector<Instruction> moves{take(rax),        store(rax, rsp, 0x10), place(rbx, 0x10), load(rcx, rbx, 0),
                                       zero(rax),        store(rcx, rsp, 0x40), zero(rcx),        place(r15, 0x40),
                                       load(rdi, r15, 0)};
  std::vector<Instruction> reads = moves, writes = moves;
  reads.push_back(load(rcx, rdi));
  writes.push_back(store(rcx, rdi));
  EXPECT_THAT(uses_of(reads), Optional(ElementsAre("reads 0x18")));
  EXPECT_EQ(uses_of(writes), std::nullopt);
}

TEST_F(AddressWalkOnStack, WhatATableHadIsNotLoadedAgain) {
  const Instruction place = of_memory(Op::address, rdi, {.base = rsp, .displacement = 8});
  EXPECT_THAT(uses_of({take(rax), store(rax, rsp, 8), place, call(), load(rcx, rsp, 8), store(rax, rcx)}),
              Optional(IsEmpty()));
  EXPECT_EQ(uses_of({take(rax), store(rax, rsp, 8), call(), load(rcx, rsp, 8), store(rax, rcx)}), std::nullopt);
}

TEST_F(AddressWalkOnStack, WhatIsStoredThroughAMaskLeavesWhatWasThere) {
  Instruction masked = store(no_register, rsp, 8);
  const std::vector<Instruction> ends{load(rcx, rsp, 8), store(rax, rcx)};
  const auto follows = [&](const Instruction& between) {
    return uses_of({take(rax), store(rax, rsp, 8), between, ends[0], ends[1]}).has_value();
  };
  EXPECT_FALSE(follows(masked));
  EXPECT_TRUE(follows(store(rdi, rsp, 8)));
}

TEST_F(AddressWalkOnStack, TellsWhatIsPassedOnTheStack) {
  const Instruction room = add(rsp, rsp, -0x20);
  EXPECT_THAT(uses_of({take(rax), room, store(rax, rsp, 0), zero(rax), call()}),
              Optional(ElementsAre("passes 0 as 6")));
  // The callee takes one.
  EXPECT_THAT(uses_of({take(rax), room, store(rax, rsp, 8), zero(rax), call()}), Optional(IsEmpty()));
  // Below the function's own variables are arguments, above is none.
  const Instruction own = of_memory(Op::address, rbx, {.base = rsp, .displacement = -8});
  EXPECT_THAT(uses_of({take(rax), room, own, store(rax, rsp, 0), zero(rax), call()}), Optional(IsEmpty()));
}

TEST_F(AddressWalkOnStack, TellsWhatIsKeptOnTheStack) {
  const FunctionCode function = made_function({take(rax), add(rsp, rsp, -0x20), store(rax, rsp, 8),
                                               of_memory(Op::address, rbx, {.base = rsp, .displacement = 8})});
  AddressWalk walk(image, evaluator, module);
  walk.begin(function);
  constexpr std::array<std::uint32_t, 1> first{0};
  ASSERT_TRUE(walk.follow(first));
  ASSERT_EQ(walk.kept().size(), 1u);
  EXPECT_EQ(walk.kept()[0].place, -0x18);
  EXPECT_EQ(walk.kept()[0].instruction, 2u);
  EXPECT_EQ(walk.kept()[0].value.bits, variable);
  EXPECT_THAT(walk.addresses_of_stack(), ElementsAre(testing::Pair(3u, -0x18)));
}

}  // namespace
}  // namespace isoaudit::analyzer
