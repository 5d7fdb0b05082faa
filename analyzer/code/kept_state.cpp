#include "analyzer/code/kept_state.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace isoaudit::analyzer {
namespace {

/// One bit for each register of which something is known.
std::uint32_t known_registers(const State& state) {
  // x86-64 has half of them.
  constexpr std::size_t at_once = 8;
  static constexpr std::array<Value, at_once> unknown{};
  std::uint32_t known = 0;
  for (std::size_t first = 0; first < state.general.size(); first += at_once) {
    if (std::memcmp(&state.general[first], unknown.data(), sizeof unknown) == 0) continue;
    for (std::size_t i = first; i < first + at_once; ++i) {
      if (state.general[i] != Value{}) known |= std::uint32_t{1} << i;
    }
  }
  return known;
}

bool same_stack(const std::vector<KeptSlot>& kept, const std::vector<StackSlot>& stack) {
  const auto same = [](const KeptSlot& a, const StackSlot& b) {
    return a.offset == b.offset && a.width == b.width && a.value == b.value;
  };
  return kept.size() == stack.size() && std::equal(kept.begin(), kept.end(), stack.begin(), same);
}

SharedStack kept_stack(const std::vector<StackSlot>& stack) {
  std::vector<KeptSlot> kept;
  kept.reserve(stack.size());
  for (const StackSlot& slot : stack) {
    if (!std::in_range<std::int32_t>(slot.offset)) continue;
    kept.push_back({static_cast<std::int32_t>(slot.offset), static_cast<std::int32_t>(slot.width), slot.value});
  }
  return std::make_shared<const std::vector<KeptSlot>>(std::move(kept));
}

}  // namespace

void KeptState::keep(const State& state, std::span<const SharedStack> likely) {
  known_ = known_registers(state);
  const auto count = static_cast<std::size_t>(std::popcount(known_));
  // Exactly as many: there may be thousands of these, and they seldom grow.
  if (count > values_.capacity()) values_ = std::vector<Value>(count);
  values_.resize(count);
  auto next = values_.begin();
  for (std::uint32_t left = known_; left != 0; left &= left - 1) *next++ = state.general[std::countr_zero(left)];
  if (state.vectors.empty() && state.flags.kind == Flags::Kind::unknown) {
    seldom_ = nullptr;
  } else {
    if (seldom_ == nullptr) seldom_ = std::make_unique<Seldom>();
    seldom_->vectors = state.vectors;
    seldom_->flags = state.flags;
  }
  const auto is_same = [&](const SharedStack& stack) { return stack != nullptr && same_stack(*stack, state.stack); };
  if (const auto same = std::ranges::find_if(likely, is_same); same != likely.end()) {
    stack_ = *same;
  } else if (stack_ == nullptr || !same_stack(*stack_, state.stack)) {
    stack_ = kept_stack(state.stack);
  }
  escaped_ = state.escaped;
  lock_ = state.lock, lock_depth_ = state.lock_depth;
}

void KeptState::restore(State& state) const {
  state.general = {};
  auto next = values_.begin();
  for (std::uint32_t left = known_; left != 0; left &= left - 1) state.general[std::countr_zero(left)] = *next++;
  if (seldom_ != nullptr) {
    state.vectors = seldom_->vectors;
    state.flags = seldom_->flags;
  } else {
    state.vectors.clear();
    state.flags = {};
  }
  state.stack.resize(stack_->size());
  std::ranges::transform(*stack_, state.stack.begin(),
                         [](const KeptSlot& slot) { return StackSlot{slot.offset, slot.width, slot.value}; });
  state.escaped = escaped_;
  state.lock = lock_, state.lock_depth = lock_depth_;
}

bool KeptState::covers(const State& other) const {
  if (other.lock != lock_ || other.lock_depth != lock_depth_ || other.escaped < escaped_) return false;
  if (seldom_ != nullptr || !other.vectors.empty()) return false;
  auto next = values_.begin();
  for (std::uint32_t left = known_; left != 0; left &= left - 1) {
    if (*next++ != other.general[std::countr_zero(left)]) return false;
  }
  for (std::uint32_t left = known_registers(other) & ~known_; left != 0; left &= left - 1) {
    if (!analyzer::covers(Value{}, other.general[std::countr_zero(left)])) return false;
  }
  return same_stack(*stack_, other.stack);
}

}  // namespace isoaudit::analyzer
