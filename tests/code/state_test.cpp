#include "analyzer/code/state.h"

#include <gtest/gtest.h>

#include "analyzer/code/kept_state.h"

namespace isoaudit::analyzer {
namespace {

using Kind = Value::Kind;
using Slots = std::vector<StackSlot>;

Value address(std::uint64_t at) { return {Kind::address, 0, at}; }
Value region(std::uint64_t first, std::uint32_t distance = 0) { return {Kind::region, distance, first}; }

struct Case {
  const char* what;
  Slots left, right, joined;
};

TEST(State, StacksJoinSlotBySlot) {
  const Value five = number_value(5), six = number_value(6);
  const Case cases[] = {
      {"the same on both ways stays", {{-16, 8, five}}, {{-16, 8, five}}, {{-16, 8, five}}},
      {"a number on one way falls out", {{-16, 8, five}, {-8, 8, six}}, {{-8, 8, six}}, {{-8, 8, six}}},
      {"two numbers are none", {{-16, 8, five}}, {{-16, 8, six}}, {}},
      {"an address on the first way alone may be one", {{-16, 8, address(64)}}, {}, {{-16, 8, region(64)}}},
      {"an address on the other way alone goes between",
       {{-24, 8, five}, {-8, 8, six}},
       {{-24, 8, five}, {-16, 8, address(64)}, {-8, 8, six}},
       {{-24, 8, five}, {-16, 8, region(64)}, {-8, 8, six}}},
      {"and before what falls out",
       {{-8, 8, six}},
       {{-24, 8, address(64)}, {-16, 8, address(72)}},
       {{-24, 8, region(64)}, {-16, 8, region(72)}}},
      {"behind what fell out", {{-24, 8, five}, {-16, 8, six}}, {{-8, 8, address(64)}}, {{-8, 8, region(64)}}},
      {"two addresses are from the first to the last",
       {{-8, 8, address(64)}},
       {{-8, 8, address(96)}},
       {{-8, 8, region(64, 32)}}},
      {"of two that overlap the first stays", {{-16, 8, address(64)}}, {{-12, 8, address(96)}}, {{-16, 8, region(64)}}},
      {"one place in two widths is two slots, and the first stays",
       {{-16, 8, address(64)}, {-8, 8, five}},
       {{-16, 4, five}, {-8, 8, five}},
       {{-16, 8, region(64)}, {-8, 8, five}}},
  };
  for (const Case& c : cases) {
    State into{.stack = c.left};
    const State other{.stack = c.right};
    EXPECT_EQ(merge(into, other), c.left != c.joined) << c.what;
    EXPECT_EQ(into.stack, c.joined) << c.what;
    EXPECT_FALSE(merge(into, other)) << c.what;
  }
}

TEST(State, TheAnswerOfAStoreIsNoArgument) {
  for (const bool one : {false, true}) {
    for (const bool expected : {false, true}) {
      const Value answer = exclusive_value(one, expected, 64);
      EXPECT_EQ(stores_one(answer), one);
      EXPECT_EQ(expected_answer(answer), expected ? 1u : 0u);
      EXPECT_EQ(answer.arguments(), 0u);
      Value joined = answer;
      EXPECT_TRUE(meet(joined, Value{}));
      EXPECT_FALSE(joined.known());
    }
  }
}

TEST(State, WhatWasMadeOfAnArgumentIsNotLostBesideWhatIsNotKnown) {
  const Value made(Kind::changed, 0, 64, 2);
  Value joined;
  EXPECT_TRUE(meet(joined, made));
  EXPECT_EQ(joined.arguments(), 2u);
}

TEST(State, PutAwayComesBackTheSame) {
  State state;
  state.general[0] = number_value(5), state.general[31] = address(64);
  state.set_vector(first_vector + 3, {address(72), Value{}});
  state.stack = {{-16, 8, address(64)}, {-8, 4, number_value(1)}};
  state.escaped = -16;
  state.lock = 7, state.lock_depth = 2;
  state.flags = {Flags::Kind::compare, 4, number_value(1), Value{}};
  KeptState kept;
  kept.keep(state, {});
  State restored;
  restored.general[9] = number_value(9);
  kept.restore(restored);
  EXPECT_EQ(restored, state);
  // What it held before is gone.
  const State less{.stack = state.stack};
  const SharedStack stack = kept.stack();
  const SharedStack likely[] = {nullptr, std::make_shared<const std::vector<KeptSlot>>(), stack};
  kept.keep(less, likely);
  kept.restore(restored);
  EXPECT_EQ(restored, less);
  EXPECT_EQ(kept.stack(), stack) << "the same stack is kept once";
}

// Only hostile code reaches so far.
TEST(State, WhatLiesFarAwayOnTheStackIsNotKept) {
  State state;
  state.stack = {{-(std::int64_t{1} << 40), 8, number_value(1)}, {-8, 8, number_value(2)}};
  KeptState kept;
  kept.keep(state, {});
  EXPECT_FALSE(kept.covers(state));
  State restored;
  kept.restore(restored);
  EXPECT_EQ(restored.stack, (std::vector<StackSlot>{{-8, 8, number_value(2)}}));
}

TEST(State, WhatIsPutAwayCoversOnlyWhatJoiningDoesNotChange) {
  State state;
  state.general[0] = number_value(5);
  state.stack = {{-8, 8, number_value(1)}};
  KeptState kept;
  kept.keep(state, {});
  EXPECT_TRUE(kept.covers(state));
  State more = state;
  more.general[1] = number_value(6);
  EXPECT_TRUE(kept.covers(more)) << "a number on one way alone falls out";
  const auto differs = [&](auto&& change) {
    State other = state;
    change(other);
    State joined = state;
    return merge(joined, other) && !kept.covers(other);
  };
  EXPECT_TRUE(differs([](State& other) { other.general[0] = number_value(6); }));
  EXPECT_TRUE(differs([](State& other) { other.general[1] = address(64); }));
  EXPECT_TRUE(differs([](State& other) { other.stack.clear(); }));
  EXPECT_TRUE(differs([](State& other) { other.escaped = -8; }));
  State locked = state;
  locked.lock = 1, locked.lock_depth = 1;
  kept.keep(locked, {});
  EXPECT_FALSE(kept.covers(state));
}

}  // namespace
}  // namespace isoaudit::analyzer
