#include "analyzer/code/state.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

template <class T>
bool keep_equal(T& into, const T& other) {
  if (into == other || into == T{}) return false;
  into = T{};
  return true;
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

bool merge(State& into, const State& other) {
  bool changed = false;
  for (std::size_t i = 0; i < into.general.size(); ++i) changed |= meet(into.general[i], other.general[i]);
  for (std::size_t i = 0; i < into.vector.size(); ++i) {
    changed |= keep_equal(into.vector[i][0], other.vector[i][0]);
    changed |= keep_equal(into.vector[i][1], other.vector[i][1]);
  }
  changed |= keep_equal(into.flags, other.flags);
  const std::size_t before = into.stack.size();
  std::erase_if(into.stack, [&](StackSlot& slot) {
    const auto same = std::ranges::find_if(
        other.stack, [&](const StackSlot& s) { return s.offset == slot.offset && s.width == slot.width; });
    if (same == other.stack.end()) return true;
    changed |= meet(slot.value, same->value);
    return !slot.value.known();
  });
  return changed || into.stack.size() != before;
}

}  // namespace isoaudit::analyzer
