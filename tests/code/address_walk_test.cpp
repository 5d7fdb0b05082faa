// What becomes of one address, by hand-made instructions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/code/address_walk_fixture.h"

namespace isoaudit::analyzer {
namespace {

using namespace tests;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::UnorderedElementsAre;

TEST_F(AddressWalkTest, TellsWhatIsReadUntilTheRegisterIsReplaced) {
  EXPECT_THAT(uses_of({take(rax), load(rcx, rax), zero(rax), store(rcx, rax)}), Optional(ElementsAre("reads 0x18")));
  EXPECT_THAT(uses_of({take(rax), load(rax, rax), store(rcx, rax)}), Optional(ElementsAre("reads 0x18")));
  EXPECT_THAT(uses_of({take(rax), zero(rcx), plain(Op::result)}), Optional(IsEmpty()));
}

TEST_F(AddressWalkTest, FollowsCopiesAndWhatIsCountedFromIt) {
  EXPECT_THAT(uses_of({take(rax), copy(rbx, rax), zero(rax), load(rcx, rbx)}), Optional(ElementsAre("reads 0x18")));
  EXPECT_THAT(uses_of({take(rax), add(rbx, rax, 0x20), load(rcx, rbx)}), Optional(ElementsAre("reads 0x38")));
  EXPECT_THAT(uses_of({take(rax), of_memory(Op::address, rax, {.base = rax, .displacement = 8}), load(rcx, rax)}),
              Optional(ElementsAre("reads 0x20")));
  EXPECT_EQ(uses_of({take(rax), copy(rbx, rax), zero(rax), store(rcx, rbx)}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), add(rbx, rax, 0x20), zero(rax), store(rcx, rbx)}), std::nullopt);
}

TEST_F(AddressWalkTest, GivesUpWhereItMayBeWritten) {
  EXPECT_EQ(uses_of({take(rax), store(rcx, rax)}), std::nullopt);
  Instruction exchange = store(rcx, rbx);
  exchange.op = Op::exchange, exchange.memory.base = rax;
  EXPECT_EQ(uses_of({take(rax), exchange}), std::nullopt);
  EXPECT_EQ(uses_of({take(rdi), plain(Op::fill)}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), of_memory(Op::load, rcx, {.base = rbx, .index = rax})}), std::nullopt);
}

TEST_F(AddressWalkTest, FollowsVectorRegisters) {
  EXPECT_THAT(uses_of({take(rax), copy(xmm0, rax), zero(rax), copy(rbx, xmm0), load(rcx, rbx)}),
              Optional(ElementsAre("reads 0x18")));
  EXPECT_EQ(uses_of({take(rax), copy(xmm0, rax), zero(rax), copy(rbx, xmm0), store(rcx, rbx)}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), copy(xmm0, rax), both(xmm1, xmm0), copy(rbx, xmm1), store(rcx, rbx)}), std::nullopt);
  EXPECT_THAT(uses_of({take(rax), copy(xmm0, rax), zero(xmm0), copy(rbx, xmm0), store(rcx, rbx)}), Optional(IsEmpty()));
  // Its upper half comes from elsewhere.
  EXPECT_THAT(uses_of({take(rax), copy(xmm1, rax), merge(xmm0, xmm0, xmm1), copy(rbx, xmm0), store(rcx, rbx)}),
              Optional(IsEmpty()));
  // What a variable holds, and its neighbour.
  Instruction two = of_memory(Op::load, xmm0, {.displacement = pointer_variable});
  two.width = 16;
  EXPECT_EQ(uses_of({two, copy(rbx, xmm0), store(rcx, rbx)}), std::nullopt);
}

TEST_F(AddressWalkTest, TellsWhatIsPassed) {
  EXPECT_THAT(uses_of({take(rdi), call(), load(rcx, rdi)}), Optional(ElementsAre("passes 0 as 0")));
  EXPECT_THAT(uses_of({take(rax), copy(rcx, rax), call()}), Optional(ElementsAre("passes 0 as 3")));
  EXPECT_THAT(uses_of({take(rdi), to(Op::jump, 100)}), Optional(ElementsAre("passes 0 as 0")));
  // Who is called is not known here.
  Instruction unknown = plain(Op::call);
  unknown.src = rbx;
  EXPECT_EQ(uses_of({take(rdi), unknown}), std::nullopt);
  EXPECT_THAT(uses_of({take(rax), unknown}), Optional(IsEmpty()));
  // A type's function: nobody knows.
  EXPECT_THAT(uses_of({take(rdi), load(r15, rbp, 8), load(rbx, r15, 8), unknown}),
              Optional(ElementsAre("passes 0 as 0")));
  EXPECT_THAT(uses_of({take(rdi), of_memory(Op::call, no_register, {.base = r15, .displacement = 8})}),
              Optional(ElementsAre("passes 0 as 0")));
  // That of a table in the image is known.
  EXPECT_EQ(uses_of({take(rdi), take(r15, 0x6000), load(rbx, r15, 8), unknown}), std::nullopt);
}

TEST_F(AddressWalkTest, FollowsWhatLivesOverCalls) {
  EXPECT_THAT(uses_of({take(rbx), call(), load(rax, rbx)}), Optional(ElementsAre("reads 0x18")));
  EXPECT_EQ(uses_of({take(rbx), call(), store(rax, rbx)}), std::nullopt);
}

TEST_F(AddressWalkTest, FollowsWhereAnExceptionMayLead) {
  const auto writes = {take(rbx), call(), plain(Op::result), store(rax, rbx), plain(Op::result)};
  const auto on_stack = {take(rbx),         store(rbx, rsp, 8), call(),           plain(Op::result),
                         load(rax, rsp, 8), store(rcx, rax),    plain(Op::result)};
  EXPECT_NE(uses_of(writes), std::nullopt);
  image.sections.push_back({".gcc_except_table", 0x7000, 8, model::SectionClass::constant, false, {}});
  EXPECT_EQ(uses_of(writes), std::nullopt);
  EXPECT_EQ(uses_of(on_stack), std::nullopt);
  EXPECT_THAT(uses_of({take(rbx), call(), plain(Op::result), load(rax, rbx), plain(Op::result)}),
              Optional(ElementsAre("reads 0x18")));
  // A register that the call has used; what nothing but fillings follows.
  EXPECT_THAT(uses_of({take(rax), call(), plain(Op::result), store(rcx, rax), plain(Op::result)}), Optional(IsEmpty()));
  EXPECT_THAT(uses_of({take(rbx), call(), plain(Op::result), plain(Op::other), plain(Op::stop)}), Optional(IsEmpty()));
}

TEST_F(AddressWalkTest, FollowsAllWays) {
  EXPECT_EQ(uses_of({take(rax), to(Op::branch, 4), zero(rax), plain(Op::result), store(rcx, rax)}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), to(Op::branch, 3), store(rcx, rax), plain(Op::result)}), std::nullopt);
  EXPECT_THAT(uses_of({take(rax), to(Op::branch, 4), load(rcx, rax, 1), plain(Op::result), load(rcx, rax, 2)}),
              Optional(UnorderedElementsAre("reads 0x1", "reads 0x2")));
  // A loop, in whose second round another register has it too.
  EXPECT_EQ(uses_of({take(rax), to(Op::branch, 3), store(rcx, rbx), copy(rbx, rax), to(Op::jump, 1)}), std::nullopt);
}

TEST_F(AddressWalkTest, GivesUpWhereItIsNotSeenWhereControlGoes) {
  Instruction table = plain(Op::jump);
  table.src = rbx;
  EXPECT_EQ(uses_of({take(rdi), table}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), to(Op::branch, 100)}), std::nullopt);
}

TEST_F(AddressWalkTest, FollowsTablesOfJumps) {
  Instruction table = plain(Op::jump);
  table.src = rbx;
  const auto follows = [&](const Instruction& last) {
    FunctionCode function = made_function({take(rax), table, plain(Op::result), last, plain(Op::result)});
    function.labels = {0xC};
    function.table_ways = {{1, 0xC}};
    AddressWalk walk(image, evaluator, module);
    walk.begin(function);
    constexpr std::array<std::uint32_t, 1> first{0};
    return walk.follow(first);
  };
  EXPECT_TRUE(follows(load(rcx, rax)));
  EXPECT_FALSE(follows(store(rcx, rax)));
}

/// Long functions are gone through in stretches.
TEST_F(AddressWalkTest, FindsAStoreBehindManyBlocks) {
  const auto code = [](const Instruction& last) {
    std::vector<Instruction> all{take(rbx), store(rbx, rsp, 8)};
    for (std::uint64_t i = 0; i < 400; ++i) all.push_back(i % 4 == 3 ? to(Op::branch, i) : zero(rcx));
    all.push_back(load(rax, rsp, 8));
    all.push_back(last);
    return all;
  };
  EXPECT_EQ(uses_of(code(store(rcx, rbx))), std::nullopt);
  EXPECT_EQ(uses_of(code(store(rcx, rax))), std::nullopt);
  EXPECT_THAT(uses_of(code(load(rcx, rax))), Optional(ElementsAre("reads 0x18")));
}

TEST_F(AddressWalkTest, FollowsAnotherAddressThatIsLoaded) {
  EXPECT_THAT(uses_of({take(rax, pointer_variable), load(rcx, rax, 0), load(rcx, rcx)}),
              Optional(ElementsAre("reads 0x800", "reads 0x18")));
  EXPECT_EQ(uses_of({take(rax, pointer_variable), load(rcx, rax, 0), store(rbx, rcx)}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax, pointer_variable), load(xmm0, rax, 0), copy(rcx, xmm0), store(rbx, rcx)}), std::nullopt);
}

TEST_F(AddressWalkTest, FollowsWhatAPointerVariableHolds) {
  const Instruction loads = of_memory(Op::load, rax, {.displacement = pointer_variable});
  EXPECT_THAT(uses_of({loads, load(rcx, rax)}), Optional(ElementsAre("reads 0x18")));
  EXPECT_EQ(uses_of({loads, store(rcx, rax)}), std::nullopt);
  // Half of it is compared only, but the same is known of it.
  Instruction half = copy(rbx, rax);
  half.width = 4;
  EXPECT_EQ(uses_of({loads, half, store(rcx, rbx)}), std::nullopt);
  EXPECT_THAT(uses_of({take(rax), half, store(rcx, rbx)}), Optional(IsEmpty()));
}

/// Where the last function puts it, before this one is called.
TEST_F(AddressWalkTest, FollowsWhatOthersPutIntoAVariable) {
  const std::vector<Instruction> code{take(rax), load(rcx, rax, 0x18), store(rbx, rcx)};
  EXPECT_THAT(uses_of(code), Optional(ElementsAre("reads 0x18")));
  module.followed = variable + 0x18;
  EXPECT_EQ(uses_of(code), std::nullopt);
  EXPECT_THAT(uses_of({take(rax), load(rcx, rax, 0x18), load(rbx, rcx)}), Optional(ElementsAre("reads 0x18")));
}

TEST_F(AddressWalkTest, TellsWhichWordsAreReadTogetherWithTheFirst) {
  Instruction wide = load(xmm0, rax, 0x10);
  wide.width = 32;
  const FunctionCode function = made_function({take(rax), wide});
  AddressWalk walk(image, evaluator, module);
  walk.begin(function);
  constexpr std::array<std::uint32_t, 1> first{0};
  ASSERT_TRUE(walk.follow(first));
  EXPECT_THAT(walk.further_words(), ElementsAre(variable + 0x18, variable + 0x20, variable + 0x28));
}

TEST_F(AddressWalkTest, ReadsTables) {
  const auto indexed = [](Register base) { return of_memory(Op::load, rcx, {.base = base, .index = rbx, .scale = 8}); };
  EXPECT_THAT(uses_of({take(rax), indexed(rax)}), Optional(ElementsAre("reads 0")));
  EXPECT_TRUE(is_only_read({indexed(rdi), store(rbx, rcx)}));
  // It holds the address of a variable.
  EXPECT_EQ(uses_of({take(rax, pointer_variable), indexed(rax)}), std::nullopt);
  Instruction writes = indexed(rax);
  writes.op = Op::store, writes.dst = no_register, writes.src = rcx, writes.writes_memory = true;
  EXPECT_EQ(uses_of({take(rax), writes}), std::nullopt);
}

/// What a call returns that asks for the place of a thread-local variable.
TEST_F(AddressWalkTest, FollowsThreadLocalMemory) {
  Instruction narrow = store(rcx, rax);
  narrow.width = 4;
  EXPECT_THAT(uses_of({call(), narrow, load(rcx, rax), zero(rax), store(rcx, rax)}), Optional(IsEmpty()));
  EXPECT_EQ(uses_of({call(), store(rcx, rax)}), std::nullopt);
  EXPECT_EQ(uses_of({call(), copy(rbx, rax), zero(rax), store(rcx, rbx)}), std::nullopt);
  EXPECT_EQ(uses_of({call(), of_memory(Op::load, rcx, {.base = rax, .index = rbx})}), std::nullopt);
  // That memory begins with its own address.
  EXPECT_EQ(uses_of({call(), load(rcx, rax, 0), zero(rax), store(rbx, rcx)}), std::nullopt);
}

TEST_F(AddressWalkTest, WhatIsMadeOfAThreadLocalWordIsNoNewOne) {
  image.thread_words = {{.at = variable, .offset = 0x40}};
  const auto uses_behind_call = [&](std::vector<Instruction> code) {
    code.insert(code.begin(), {take(rdi), call()});
    return uses_of(code, 1);
  };
  const Instruction counts = add(rcx, rcx, 1);
  EXPECT_THAT(uses_behind_call({load(rcx, rax), counts, store(rcx, rax, 0x18)}), Optional(IsEmpty()));
  EXPECT_THAT(uses_behind_call({add(rbx, rax, 0x18), load(rcx, rbx, 0), counts, store(rcx, rbx, 0)}),
              Optional(IsEmpty()));
  EXPECT_EQ(uses_behind_call({load(rcx, rax), counts, store(rcx, rax, 0x20)}), std::nullopt);
  EXPECT_EQ(uses_behind_call({load(rcx, rax), add(rcx, rbx, 1), store(rcx, rax, 0x18)}), std::nullopt);
  // By then the register holds the place of another variable.
  const FunctionCode two =
      made_function({take(rdi), call(), load(rbx, rax), call(), add(rbx, rbx, 1), store(rbx, rax, 0x18)});
  AddressWalk walk(image, evaluator, module);
  walk.begin(two);
  EXPECT_FALSE(walk.follow(std::array<std::uint32_t, 2>{1, 3}));
  // It was loaded from elsewhere, by what the same register held before.
  EXPECT_EQ(
      uses_behind_call({copy(rbx, rax), load(rax, rsp), load(rcx, rax), copy(rax, rbx), counts, store(rcx, rax, 0x18)}),
      std::nullopt);
}

TEST_F(AddressWalkTest, FollowsArguments) {
  EXPECT_TRUE(is_only_read({load(rcx, rdi), copy(rbx, rdi), load(rax, rbx), plain(Op::result)}));
  EXPECT_TRUE(is_only_read({zero(rdi), store(rcx, rdi)}));
  EXPECT_FALSE(is_only_read({store(rcx, rdi)}));
  EXPECT_FALSE(is_only_read({add(r15, rdi, 8), store(rcx, r15)}));
  EXPECT_TRUE(
      is_only_read({store(rdi, rsp, -8), zero(rdi), load(rbx, rsp, -8), load(rax, rbx), zero(rax), plain(Op::result)}));
  EXPECT_FALSE(is_only_read({store(rdi, rsp, -8), zero(rdi), load(rbx, rsp, -8), store(rax, rbx)}));
  // Kept, and handed back.
  EXPECT_FALSE(is_only_read({store(rdi, rbx)}));
  EXPECT_FALSE(is_only_read({copy(rax, rdi), plain(Op::result)}));
}

}  // namespace
}  // namespace isoaudit::analyzer
