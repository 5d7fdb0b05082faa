// What becomes of one address, by hand-made instructions.
#include "analyzer/code/address_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
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
constexpr Register rax = 0, rcx = 1, rbx = 3, rsp = 4, rbp = 5, rdi = 7, r15 = 15;

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
Instruction plain(Op op) { return {.op = op}; }
Instruction call() { return {.target = 0x9000, .op = Op::call, .has_target = true}; }
/// Each instruction has four bytes.
Instruction to(Op op, std::uint64_t number) { return {.target = number * 4, .op = op, .has_target = true}; }

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

  /// Of what the first instruction makes; none where they are not known.
  std::optional<Uses> uses_of(std::initializer_list<Instruction> code) {
    const FunctionCode function = tests::made_function(code);
    AddressWalk walk(image, evaluator);
    walk.begin(function);
    if (!walk.follow(0)) return std::nullopt;
    return uses_in(walk);
  }

  /// Of the first argument.
  bool is_only_read(std::initializer_list<Instruction> code) {
    const FunctionCode function = tests::made_function(code);
    AddressWalk walk(image, evaluator);
    walk.begin(function);
    return walk.follow_argument(0);
  }

  Image image;
  Names names;
  Evaluator evaluator{image, names};
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

TEST_F(AddressWalkTest, GivesUpWhereItIsKept) {
  Instruction push{.op = Op::push, .width = 8, .src = rax};
  EXPECT_EQ(uses_of({take(rax), push}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), store(rax, rsp, 8)}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), store(rax, rbp, -8)}), std::nullopt);
  // An object's field is nobody's variable; a local variable whose address is known is.
  EXPECT_THAT(uses_of({take(rax), store(rax, rbx, 8)}), Optional(IsEmpty()));
  EXPECT_EQ(uses_of({take(rax), of_memory(Op::address, rbx, {.base = rsp, .displacement = 8}), store(rax, rbx, 8)}),
            std::nullopt);
  EXPECT_EQ(uses_of({take(rax), of_memory(Op::address, rcx, {.base = rsp, .displacement = 8}), store(rcx, rsp),
                     load(rbx, rsp, 0), store(rax, rbx, 8)}),
            std::nullopt);
  EXPECT_EQ(uses_of({take(rax), copy(first_vector, rax)}), std::nullopt);
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
}

TEST_F(AddressWalkTest, FollowsWhatLivesOverCalls) {
  EXPECT_THAT(uses_of({take(rbx), call(), load(rax, rbx)}), Optional(ElementsAre("reads 0x18")));
  EXPECT_EQ(uses_of({take(rbx), call(), store(rax, rbx)}), std::nullopt);
}

TEST_F(AddressWalkTest, GivesUpWhereAnExceptionMayLead) {
  const auto code = {take(rbx), call(), plain(Op::result), load(rax, rbx), plain(Op::result)};
  EXPECT_NE(uses_of(code), std::nullopt);
  image.sections.push_back({".gcc_except_table", 0x7000, 8, model::SectionClass::constant, false, {}});
  EXPECT_EQ(uses_of(code), std::nullopt);
  // Nothing but fillings stands where nothing leads.
  EXPECT_NE(uses_of({take(rbx), call(), plain(Op::result), plain(Op::other), plain(Op::stop)}), std::nullopt);
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
  EXPECT_EQ(uses_of({take(rax), table}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax), to(Op::branch, 100)}), std::nullopt);
}

TEST_F(AddressWalkTest, FollowsAnotherAddressThatIsLoaded) {
  EXPECT_THAT(uses_of({take(rax, pointer_variable), load(rcx, rax, 0), load(rcx, rcx)}),
              Optional(ElementsAre("reads 0x800", "reads 0x18")));
  EXPECT_EQ(uses_of({take(rax, pointer_variable), load(rcx, rax, 0), store(rbx, rcx)}), std::nullopt);
  EXPECT_EQ(uses_of({take(rax, pointer_variable), load(first_vector, rax, 0)}), std::nullopt);
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

TEST_F(AddressWalkTest, FollowsArguments) {
  EXPECT_TRUE(is_only_read({load(rcx, rdi), copy(rbx, rdi), load(rax, rbx), plain(Op::result)}));
  EXPECT_TRUE(is_only_read({zero(rdi), store(rcx, rdi)}));
  EXPECT_FALSE(is_only_read({store(rcx, rdi)}));
  EXPECT_FALSE(is_only_read({add(r15, rdi, 8), store(rcx, r15)}));
  // Kept, and handed back.
  EXPECT_FALSE(is_only_read({store(rdi, rbx)}));
  EXPECT_FALSE(is_only_read({copy(rax, rdi), plain(Op::result)}));
}

}  // namespace
}  // namespace isoaudit::analyzer
