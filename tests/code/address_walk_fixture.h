#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/code/address_walk.h"
#include "tests/code/made_function.h"

/// A walk along what hand-made instructions of x86-64 make.
namespace isoaudit::analyzer::tests {

/// "reads 0x18", counted from the variable; "passes 0 as 2".
using Uses = std::vector<std::string>;

inline constexpr std::uint64_t variable = 0x5000, pointer_variable = 0x5800;
inline constexpr Register rax = 0, rcx = 1, rbx = 3, rsp = 4, rbp = 5, rdi = 7, r15 = 15, xmm0 = first_vector,
                          xmm1 = first_vector + 1;

/// The decoder counts what an instruction makes among what is lost.
inline std::uint64_t lost(Register dst) { return dst == no_register ? 0 : std::uint64_t{1} << dst; }

inline Instruction of_memory(Op op, Register dst, MemoryOperand memory) {
  return {.memory = memory, .clobbers = lost(dst), .op = op, .width = 8, .dst = dst, .has_memory = true};
}
inline Instruction take(Register to, std::uint64_t address = variable) {
  return of_memory(Op::address, to, {.displacement = static_cast<std::int64_t>(address)});
}
inline Instruction load(Register to, Register base, std::int64_t distance = 0x18) {
  return of_memory(Op::load, to, {.base = base, .displacement = distance});
}
inline Instruction store(Register from, Register base, std::int64_t distance = 0) {
  Instruction stores = of_memory(Op::store, no_register, {.base = base, .displacement = distance});
  stores.src = from, stores.writes_memory = true;
  return stores;
}
inline Instruction copy(Register to, Register from) {
  return {.clobbers = lost(to), .op = Op::copy, .width = 8, .dst = to, .src = from};
}
inline Instruction add(Register to, Register from, std::int64_t number) {
  return {.immediate = number,
          .clobbers = lost(to),
          .op = Op::add,
          .width = 8,
          .dst = to,
          .src = from,
          .has_immediate = true};
}
inline Instruction zero(Register to) {
  return {.clobbers = lost(to), .op = Op::copy, .width = 8, .dst = to, .has_immediate = true};
}
inline Instruction merge(Register to, Register lower, Register upper) {
  return {.clobbers = lost(to), .op = Op::merge, .width = 16, .dst = to, .src = lower, .src2 = upper};
}
/// All of a vector register.
inline Instruction both(Register to, Register from) {
  return {.clobbers = lost(to), .op = Op::copy, .width = 16, .dst = to, .src = from};
}
inline Instruction plain(Op op) { return {.op = op}; }
inline Instruction call() { return {.target = 0x9000, .op = Op::call, .has_target = true}; }
/// Each instruction has four bytes.
inline Instruction to(Op op, std::uint64_t number) { return {.target = number * 4, .op = op, .has_target = true}; }

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
    const FunctionCode function = made_function(code);
    AddressWalk walk(image, evaluator, module);
    walk.begin(function);
    const std::array<std::uint32_t, 1> first{number};
    if (!walk.follow(first)) return std::nullopt;
    return uses_in(walk);
  }

  /// Of the first argument.
  bool is_only_read(const std::vector<Instruction>& code) {
    const FunctionCode function = made_function(code);
    AddressWalk walk(image, evaluator, module);
    walk.begin(function);
    return walk.follow_argument(0);
  }

  Image image;
  Names names;
  Evaluator evaluator{image, names};
  MadeModule module;
};

}  // namespace isoaudit::analyzer::tests
