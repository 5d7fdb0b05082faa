// What becomes of one address, by hand-made instructions.
#include "analyzer/code/address_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tests/code/made_function.h"

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::UnorderedElementsAre;
/// "reads 0x18", counted from the variable; "passes 0 as 2".
using Uses = std::vector<std::string>;

constexpr std::uint64_t variable = 0x5000, pointer_variable = 0x5800;
constexpr Register rax = 0, rcx = 1, rbx = 3, rsp = 4, rbp = 5, rdi = 7, r15 = 15, xmm0 = first_vector,
                   xmm1 = first_vector + 1;

/// The decoder counts what an instruction makes among what is lost.
std::uint64_t lost(Register dst) { return dst == no_register ? 0 : std::uint64_t{1} << dst; }

Instruction of_memory(Op op, Register dst, MemoryOperand memory) {
  return {.memory = memory, .clobbers = lost(dst), .op = op, .width = 8, .dst = dst, .has_memory = true};
}
Instruction take(Register to, std::uint64_t address = variable) {
  return of_memory(Op::address, to, {.displacement = static_cast<std::int64_t>(address)});
}
Instruction load(Register to, Register base, std::int64_t distance = 0x18) {
  return of_memory(Op::load, to, {.base = base, .displacement = distance});
}
Instruction store(Register from, Register base, std::int64_t distance = 0) {
  Instruction stores = of_memory(Op::store, no_register, {.base = base, .displacement = distance});
  stores.src = from, stores.writes_memory = true;
  return stores;
}
Instruction copy(Register to, Register from) {
  return {.clobbers = lost(to), .op = Op::copy, .width = 8, .dst = to, .src = from};
}
Instruction add(Register to, Register from, std::int64_t number) {
  return {.immediate = number,
          .clobbers = lost(to),
          .op = Op::add,
          .width = 8,
          .dst = to,
          .src = from,
          .has_immediate = true};
}
Instruction zero(Register to) {
  return {.clobbers = lost(to), .op = Op::copy, .width = 8, .dst = to, .has_immediate = true};
}
Instruction merge(Register to, Register lower, Register upper) {
  return {.clobbers = lost(to), .op = Op::merge, .width = 16, .dst = to, .src = lower, .src2 = upper};
}
/// All of a vector register.
Instruction both(Register to, Register from) {
  return {.clobbers = lost(to), .op = Op::copy, .width = 16, .dst = to, .src = from};
}
Instruction plain(Op op) { return {.op = op}; }
Instruction call() { return {.target = 0x9000, .op = Op::call, .has_target = true}; }
/// Each instruction has four bytes.
Instruction to(Op op, std::uint64_t number) { return {.target = number * 4, .op = op, .has_target = true}; }

/// Callees take one argument from the stack, the seventh.
class MadeModule : public AddressWalk::Module {
 public:
  unsigned taken_from_stack(const Instruction&) override { return 1u << 6; }
  bool leads_to_writable(std::uint64_t) override { return true; }
  bool holds_followed(std::uint64_t address) override { return address == followed; }
  bool may_be_filled(std::uint64_t) override { return true; }

  std::uint64_t followed = 0;
};

class AddressWalkTest : public testing::Test {
 protected:
  AddressWalkTest() {
    image.machine = Machine::x86_64;
    image.sections = {{".text", 0x0, 0x1000, model::SectionClass::other, true, {}},
                      {".data", 0x5000, 0x1000, model::SectionClass::data, false, {}}};
    image.relocations = {{pointer_variable, variable, 0}};
  }

  static Uses uses_in(const AddressWalk& walk) {
    Uses uses;
    const auto hex = [](std::uint64_t number) {
      char text[20];
      std::snprintf(text, sizeof text, "%#llx", static_cast<unsigned long long>(number));
      return std::string(text);
    };
    for (const Place& place : walk.reads()) uses.push_back("reads " + hex(place.at - variable));
    for (const AddressWalk::Pass& pass : walk.passes()) {
      uses.push_back("passes " + hex(pass.value.bits - variable) + " as " + std::to_string(pass.argument));
    }
    return uses;
  }

  /// Of what the first instruction makes, or another one; none where they are not known.
  std::optional<Uses> uses_of(const std::vector<Instruction>& code, std::uint32_t number = 0) {
    const FunctionCode function = tests::made_function(code);
    AddressWalk walk(image, evaluator, module);
    walk.begin(function);
    const std::array<std::uint32_t, 1> first{number};
    if (!walk.follow(first)) return std::nullopt;
    return uses_in(walk);
  }

  /// Of the first argument.
  bool is_only_read(const std::vector<Instruction>& code) {
    const FunctionCode function = tests::made_function(code);
    AddressWalk walk(image, evaluator, module);
    walk.begin(function);
    return walk.follow_argument(0);
  }

  Image image;
  Names names;
  Evaluator evaluator{image, names};
  MadeModule module;
};

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

TEST_F(AddressWalkTest, GivesUpWhereItIsNotSeenWhereItIsKept) {
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

TEST_F(AddressWalkTest, FollowsTheStack) {
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

TEST_F(AddressWalkTest, FollowsUpperHalvesToTheStackAndBack) {
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

TEST_F(AddressWalkTest, FollowsWhatTheAddressOfTheStackLeadsTo) {
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
TEST_F(AddressWalkTest, WhatIsOverwrittenIsNotLoadedThroughThePlacesAddress) {
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
TEST_F(AddressWalkTest, AnotherRegisterMayHoldThePlaceWhereOneIsWrittenThrough) {
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

TEST_F(AddressWalkTest, FindsWhatIsPutOnTheStackAgainBehindManyBlocks) {
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

TEST_F(AddressWalkTest, WhatIsOverwrittenBehindACallIsThereWhereItsExceptionIsCaught) {
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
TEST_F(AddressWalkTest, FollowsFromOneTableToTheNext) {
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

TEST_F(AddressWalkTest, WhatATableHadIsNotLoadedAgain) {
  const Instruction place = of_memory(Op::address, rdi, {.base = rsp, .displacement = 8});
  EXPECT_THAT(uses_of({take(rax), store(rax, rsp, 8), place, call(), load(rcx, rsp, 8), store(rax, rcx)}),
              Optional(IsEmpty()));
  EXPECT_EQ(uses_of({take(rax), store(rax, rsp, 8), call(), load(rcx, rsp, 8), store(rax, rcx)}), std::nullopt);
}

TEST_F(AddressWalkTest, WhatIsStoredThroughAMaskLeavesWhatWasThere) {
  Instruction masked = store(no_register, rsp, 8);
  const std::vector<Instruction> ends{load(rcx, rsp, 8), store(rax, rcx)};
  const auto follows = [&](const Instruction& between) {
    return uses_of({take(rax), store(rax, rsp, 8), between, ends[0], ends[1]}).has_value();
  };
  EXPECT_FALSE(follows(masked));
  EXPECT_TRUE(follows(store(rdi, rsp, 8)));
}

TEST_F(AddressWalkTest, TellsWhatIsPassedOnTheStack) {
  const Instruction room = add(rsp, rsp, -0x20);
  EXPECT_THAT(uses_of({take(rax), room, store(rax, rsp, 0), zero(rax), call()}),
              Optional(ElementsAre("passes 0 as 6")));
  // The callee takes one.
  EXPECT_THAT(uses_of({take(rax), room, store(rax, rsp, 8), zero(rax), call()}), Optional(IsEmpty()));
  // Below the function's own variables are arguments, above is none.
  const Instruction own = of_memory(Op::address, rbx, {.base = rsp, .displacement = -8});
  EXPECT_THAT(uses_of({take(rax), room, own, store(rax, rsp, 0), zero(rax), call()}), Optional(IsEmpty()));
}

TEST_F(AddressWalkTest, TellsWhatIsKeptOnTheStack) {
  const FunctionCode function = tests::made_function({take(rax), add(rsp, rsp, -0x20), store(rax, rsp, 8),
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
    FunctionCode function = tests::made_function({take(rax), table, plain(Op::result), last, plain(Op::result)});
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
  const FunctionCode function = tests::made_function({take(rax), wide});
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
      tests::made_function({take(rdi), call(), load(rbx, rax), call(), add(rbx, rbx, 1), store(rbx, rax, 0x18)});
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
