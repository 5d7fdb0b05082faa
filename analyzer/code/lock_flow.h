#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "analyzer/code/instruction.h"
#include "analyzer/code/state.h"

/// Which lock is held, along the ways through a function.
namespace isoaudit::analyzer {

/// No lock is taken because the C library was found to have no threads: such a way says nothing of the others.
constexpr std::uint32_t without_threads = ~std::uint32_t{0};
/// A byte was taken by compare-and-exchange. That alone is no lock (nobody need wait for it); where it meets the slow
/// way, which calls the lock's function, it is that lock.
constexpr std::uint32_t taken_byte = without_threads - 1;

class LockFlow {
 public:
  explicit LockFlow(const Names& names) : names_(names) {}

  /// A call of `name` asks for a lock that not every interpreter meets: what it answers tells nothing about statics.
  bool tries_other_lock(std::uint32_t name, const Value& lock);
  /// A call of the imported function number `name` returns; `arguments` are the first two that it got.
  void after_call(State& state, std::uint32_t name, const std::array<Value, 2>& arguments);
  /// Control goes on where `branch` leads to (`taken`) or behind it. `state` is what is known before the branch.
  void along_branch(State& state, const Instruction& branch, bool taken);
  /// A lock is held, or a byte was taken that may be one.
  static bool holds(const State& state) { return state.lock != 0 && state.lock != without_threads; }
  /// What was taken last is given back.
  void release(State& state) const;
  /// The lock that is held, for people; empty for none.
  const std::string& held(const State& state) const { return names_.text(state.lock < taken_byte ? state.lock : 0); }

 private:
  enum class Effect : std::uint8_t { not_asked, none, takes, takes_when_true, takes_when_zero, releases };
  void note_mutex(std::uint32_t name, const Value& argument);
  Effect effect_of(std::uint32_t name);
  /// A byte changed from 0 to 1 by one instruction; `at`: where in the image, 0 when it is elsewhere or not known,
  /// which may be an object's own lock.
  void take_byte(State& state, std::uint64_t at) const;
  void give_byte_back(State& state) const;

  const Names& names_;
  /// By name.
  std::vector<Effect> effects_{};
  /// Bytes of the image that a function of CPython's takes as mutexes, and that function: whoever takes one of them by
  /// compare-and-exchange has that lock, whatever lies on the slow way.
  std::map<std::uint64_t, std::uint32_t> mutexes_{};
};

}  // namespace isoaudit::analyzer
