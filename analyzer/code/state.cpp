#include "analyzer/code/state.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "analyzer/code/lock_flow.h"

namespace isoaudit::analyzer {
namespace {

/// Nearly always most of a state's registers are the same, and x86-64 has half of them.
constexpr std::size_t at_once = 4;

/// So many, all of them whatever the first says: no processor guesses which are others.
bool same_values(const Value* a, const Value* b) {
  bool same = true;
  for (std::size_t i = 0; i < at_once; ++i) same &= a[i] == b[i];
  return same;
}

/// The same slots, value by value.
bool same_stack(const std::vector<StackSlot>& a, const std::vector<StackSlot>& b) {
  static_assert(std::has_unique_object_representations_v<StackSlot>);
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(StackSlot)) == 0);
}

/// In place: most of what is joined is there already, and what is not known on both ways falls out.
bool merge_stacks(std::vector<StackSlot>& into, const std::vector<StackSlot>& other) {
  if (same_stack(into, other)) return false;
  // Nearly always they begin alike.
  const auto [same_left, same_right] = std::ranges::mismatch(into, other);
  // [0, kept) is joined; [left, end) of it is still to come.
  auto left = static_cast<std::size_t>(same_left - into.begin());
  std::size_t kept = left;
  auto right = same_right;
  bool changed = false;
  const auto overlaps = [&](const StackSlot& slot) {
    return kept != 0 && into[kept - 1].offset + into[kept - 1].width > slot.offset;
  };
  while (left < into.size() || right != other.end()) {
    if (left < into.size() && right != other.end()) {
      // Nearly always.
      StackSlot& ours = into[left];
      const bool same = ours.offset == right->offset && ours.width == right->width;
      if (same && (ours.value == right->value || covers(ours.value, right->value)) && !overlaps(ours)) {
        if (kept != left) into[kept] = ours;
        ++kept, ++left, ++right;
        continue;
      }
    }
    const bool both = left < into.size() && right != other.end() && into[left].offset == right->offset;
    if ((both && into[left].width == right->width) || right == other.end() ||
        (left < into.size() && into[left].offset <= right->offset)) {
      StackSlot slot = into[left++];
      const bool same = both && slot.width == right->width, alone_and_lost = !same && !may_point(slot.value);
      if (meet(slot.value, same ? right->value : Value{})) changed = true;
      if (same) ++right;
      if (alone_and_lost || !slot.value.known() || overlaps(slot)) {
        changed = true;
      } else {
        into[kept++] = slot;
      }
      continue;
    }
    StackSlot slot = *right++;
    if (!may_point(slot.value) || overlaps(slot)) continue;
    changed = true;
    meet(slot.value, Value{});
    if (kept == left) {
      into.insert(into.begin() + static_cast<std::ptrdiff_t>(kept), slot);
      ++left;
    } else {
      into[kept] = slot;
    }
    ++kept;
  }
  into.resize(kept);
  return changed;
}

bool merge_vectors(State& into, const State& other) {
  if (into.vectors == other.vectors) return false;
  // One bit for each register that is known on one way or the other.
  std::uint64_t known = 0;
  for (const auto& row : into.vectors) known |= std::uint64_t{1} << row.first;
  for (const auto& row : other.vectors) known |= std::uint64_t{1} << row.first;
  bool changed = false;
  for (; known != 0; known &= known - 1) {
    const auto number = static_cast<Register>(std::countr_zero(known));
    Halves halves = into.vector(number);
    const Halves others = other.vector(number);
    const bool low = meet(halves[0], others[0]), high = meet(halves[1], others[1]);
    if (!low && !high) continue;
    into.set_vector(number, halves);
    changed = true;
  }
  return changed;
}

/// Held is what is held on both ways.
bool merge_locks(State& into, const State& other) {
  const auto old = std::pair(into.lock, into.lock_depth);
  if (into.lock == without_threads) {
    into.lock = other.lock, into.lock_depth = other.lock_depth;
  } else if (other.lock == into.lock || (into.lock != 0 && other.lock == taken_byte)) {
    into.lock_depth = std::min(into.lock_depth, other.lock_depth);
  } else if (into.lock == taken_byte && other.lock != 0 && other.lock != without_threads) {
    into.lock = other.lock;
    into.lock_depth = std::min(into.lock_depth, other.lock_depth);
  } else if (other.lock != without_threads) {
    into.lock = 0, into.lock_depth = 0;
  }
  return std::pair(into.lock, into.lock_depth) != old;
}

}  // namespace

State entry_state(const CallingConvention& convention) {
  State state;
  state.general[convention.stack_pointer] = {Value::Kind::stack, 0, 0};
  for (std::size_t i = 0; i < convention.arguments.size(); ++i) {
    state.general[convention.arguments[i]] = {Value::Kind::argument, 0, i};
  }
  return state;
}

Halves State::vector(Register number) const {
  for (const auto& [known, halves] : vectors) {
    if (known == number) return halves;
  }
  return {};
}

void State::set_vector(Register number, const Halves& halves) {
  if (!is_vector(number)) return;
  const auto place = std::ranges::lower_bound(vectors, number, {}, &std::pair<Register, Halves>::first);
  const bool there = place != vectors.end() && place->first == number;
  if (!halves[0].known() && !halves[1].known()) {
    if (there) vectors.erase(place);
  } else if (there) {
    place->second = halves;
  } else {
    vectors.insert(place, {number, halves});
  }
}

void State::forget(std::uint64_t registers) {
  for (std::uint64_t left = registers & 0xFFFFFFFF; left != 0; left &= left - 1) general[std::countr_zero(left)] = {};
  if (vectors.empty() || registers >> first_vector == 0) return;
  std::erase_if(vectors, [&](const auto& row) { return (registers >> row.first & 1) != 0; });
}

bool merge(State& into, const State& other) {
  bool changed = merge_locks(into, other);
  for (std::size_t first = 0; first < into.general.size(); first += at_once) {
    if (same_values(&into.general[first], &other.general[first])) continue;
    for (std::size_t i = first; i < first + at_once; ++i) changed |= meet(into.general[i], other.general[i]);
  }
  changed |= merge_vectors(into, other);
  changed |= merge_stacks(into.stack, other.stack);
  if (other.escaped < into.escaped) {
    into.escaped = other.escaped;
    changed = true;
  }
  if (into.flags != other.flags && into.flags != Flags{}) {
    into.flags = {};
    changed = true;
  }
  return changed;
}

std::vector<StackSlot>::iterator slot_behind(std::vector<StackSlot>& stack, std::int64_t place) {
  // Asked of each store, and what was written last lies last or first.
  if (stack.empty() || stack.back().offset + stack.back().width <= place) return stack.end();
  return std::ranges::upper_bound(stack, place, {}, [](const StackSlot& s) { return s.offset + s.width; });
}

void weaken_stack(State& state, std::int64_t offset) {
  const auto first = slot_behind(state.stack, offset);
  auto kept = first;
  for (auto slot = first; slot != state.stack.end(); ++slot) {
    slot->value = weakened(slot->value);
    if (!slot->value.known()) continue;
    if (kept != slot) *kept = *slot;
    ++kept;
  }
  state.stack.erase(kept, state.stack.end());
}

void weaken(State& state) {
  for (Value& value : state.general) {
    if (value.kind != Value::Kind::stack) value = weakened(value);
  }
  for (auto& [number, halves] : state.vectors) {
    for (Value& value : halves) value = weakened(value);
  }
  weaken_stack(state, std::numeric_limits<std::int64_t>::min());
  state.flags = {};
  state.lock = 0, state.lock_depth = 0;
}

}  // namespace isoaudit::analyzer
