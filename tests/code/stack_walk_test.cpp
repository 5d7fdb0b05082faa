// Which arguments on the stack a function touches, by hand-made instructions.
#include "analyzer/code/stack_arguments.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "tests/code/made_function.h"

namespace isoaudit::analyzer {
namespace {

constexpr Register rax = 0, rsp = 4, rbp = 5, r10 = 10;
/// System V: the seventh is number 6.
constexpr unsigned seventh = 1u << 6, eighth = 1u << 7, all = ~0x3Fu;

Instruction of_memory(Op op, Register dst, Register base, std::int64_t distance) {
  return {.memory = {.base = base, .displacement = distance}, .op = op, .width = 8, .dst = dst, .has_memory = true};
}
Instruction load(Register base, std::int64_t distance) { return of_memory(Op::load, rax, base, distance); }
Instruction lower(std::int64_t bytes) {
  return {.immediate = -bytes, .op = Op::add, .width = 8, .dst = rsp, .src = rsp, .has_immediate = true};
}
Instruction push(Register number) { return {.op = Op::push, .width = 8, .src = number}; }
Instruction pop(Register number) { return {.op = Op::pop, .width = 8, .dst = number}; }
Instruction copy(Register to, Register from) { return {.op = Op::copy, .width = 8, .dst = to, .src = from}; }
Instruction result() { return {.op = Op::result}; }
Instruction to(Op op, std::uint64_t number) { return {.target = number * 4, .op = op, .has_target = true}; }

unsigned touched(std::initializer_list<Instruction> code, bool jumps_unknown = false) {
  FunctionCode function = tests::made_function(code);
  function.jumps_unknown = jumps_unknown;
  StackPositions scratch;
  return stack_arguments_of(function, calling_convention(Machine::x86_64, model::BinaryFormat::elf), scratch);
}

TEST(StackWalk, OwnVariablesAreNoArguments) {
  EXPECT_EQ(touched({push(rbp), lower(0x40), load(rsp, 0), load(rsp, 0x40), result()}), 0u);
  EXPECT_EQ(touched({push(rbp), copy(rbp, rsp), lower(0x40), load(rbp, -8), result()}), 0u);
}

TEST(StackWalk, WhatLiesBehindTheReturnAddressIs) {
  EXPECT_EQ(touched({push(rbp), lower(0x40), load(rsp, 0x50), result()}) & seventh, seventh);
  EXPECT_EQ(touched({push(rbp), copy(rbp, rsp), lower(0x40), load(rbp, 0x18), result()}) & eighth, eighth);
  EXPECT_EQ(touched({push(rbp), copy(rbp, rsp), lower(0x40), load(rbp, 0x18), result()}) & seventh, 0u);
  EXPECT_EQ(touched({load(rsp, 8), result()}) & seventh, seventh);
}

TEST(StackWalk, GoesAllWays) {
  EXPECT_EQ(touched({lower(8), to(Op::branch, 4), lower(-8), result(), load(rsp, 0x10), result()}) & seventh, seventh);
  EXPECT_EQ(touched({push(rbp), pop(rbp), load(rsp, 0), result()}), 0u);
}

TEST(StackWalk, SaysAllWhereItDoesNotSee) {
  // Another register that counts from there.
  EXPECT_EQ(touched({of_memory(Op::address, r10, rsp, 8), result()}), all);
  EXPECT_EQ(touched({copy(rax, rsp), result()}), all);
  // It moves by a number that is not known.
  Instruction grows{.op = Op::add, .width = 8, .dst = rsp, .src = rsp, .src2 = rax};
  EXPECT_EQ(touched({push(rbp), grows, load(rsp, 0), result()}), all);
  EXPECT_EQ(touched({Instruction{.immediate = -32, .op = Op::align, .width = 8, .dst = rsp, .src = rsp}}), all);
  // A landing pad.
  EXPECT_EQ(touched({lower(8), result(), load(rsp, 0), result()}), all);
  EXPECT_EQ(touched({result()}, true), all);
}

TEST(StackWalk, ALandingPadFindsTheStackAsTheCallDid) {
  const Instruction call{.target = 0x9000, .op = Op::call, .has_target = true};
  EXPECT_EQ(touched({lower(8), call, result(), load(rsp, 0), result()}), 0u);
  EXPECT_EQ(touched({lower(8), call, result(), load(rsp, 0x10), result()}) & seventh, seventh);
  // What one of the calls has pushed is gone.
  EXPECT_EQ(touched({lower(8), call, push(rax), call, lower(-8), result(), load(rsp, 0x10), result()}) & seventh,
            seventh);
}

TEST(StackWalk, AVariableOfItsOwnMayBePassed) {
  EXPECT_EQ(touched({lower(0x20), copy(rax, rsp), of_memory(Op::address, rax, rsp, 8), result()}), 0u);
}

}  // namespace
}  // namespace isoaudit::analyzer
