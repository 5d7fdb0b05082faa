#include <algorithm>
#include <iterator>
#include <limits>

#include "analyzer/code/evaluator.h"

namespace isoaudit::analyzer {
namespace {

/// More slots than this are not worth following; a function with so many keeps the ones it wrote first.
constexpr std::size_t most_slots = 96;
/// Room for so many is asked for at once.
constexpr std::size_t usual_slots = 16;
/// Pointers are followed further: behind them are stores.
constexpr std::size_t most_pointer_slots = 512;
/// A pointer that goes through a table is joined with where it stood one row before.
constexpr std::uint64_t longest_step = 64;
/// What a store at an unknown index may hit.
constexpr std::uint64_t longest_table = 512;

/// A word that was stored in two halves, as structures with a four-byte id and padding are.
Value from_halves(const std::vector<StackSlot>& stack, std::int64_t at) {
  const auto half = [&](std::int64_t offset) {
    const auto slot = std::ranges::lower_bound(stack, offset, {}, &StackSlot::offset);
    const bool there = slot != stack.end() && slot->offset == offset && slot->width == 4 && slot->value.is_number();
    return there ? slot->value : Value{};
  };
  const Value low = half(at), high = half(at + 4);
  if (!low.known()) return {};
  if (high.known()) return number_value(low_bytes(low.bits, 4) | high.bits << 32);
  return {Value::Kind::half, 0, low_bytes(low.bits, 4)};
}

}  // namespace

/// Above where a function's own frame begins. What it has put there itself is known, or may be the argument still.
Value Evaluator::argument_at(std::int64_t at) const {
  const std::int64_t place = at - convention_.first_on_stack;
  if (place < 0 || place % 8 != 0) return {};
  const std::uint64_t number = convention_.arguments.size() + static_cast<std::uint64_t>(place) / 8;
  return number < most_arguments ? Value{Value::Kind::argument, 0, number} : Value{};
}

Value Evaluator::load(const State& state, const Place& place, unsigned width, const Memory* memory) const {
  // Where the image's own memory begins is read from there too.
  if (place.kind == Place::Kind::thread) {
    return place.indexed ? thread_value() : width == 8 ? Value{Value::Kind::thread_held, 0, place.at} : Value{};
  }
  if (place.indexed) {
    const bool one_table = place.kind == Place::Kind::image && place.last - place.at <= longest_step;
    return one_table && memory == nullptr && width == image_.pointer_size ? tables_.load(place.at) : Value{};
  }
  if (place.kind == Place::Kind::import) {
    return {Value::Kind::content, static_cast<std::uint32_t>(place.at), 0};
  }
  if (place.kind == Place::Kind::stack) {
    const auto at = static_cast<std::int64_t>(place.at);
    // The one that begins there or last before.
    const auto next = std::ranges::upper_bound(state.stack, at, {}, &StackSlot::offset);
    if (next != state.stack.begin()) {
      const StackSlot& slot = *std::prev(next);
      if (slot.offset == at && slot.width == width) return slot.value;
      const bool inside = slot.offset <= at && at + width <= slot.offset + slot.width;
      if (inside && slot.value.is_number() && slot.width <= 8) {
        return number_value(low_bytes(slot.value.bits >> ((at - slot.offset) * 8), width));
      }
    }
    if (width != 8) return {};
    const Value value = from_halves(state.stack, at);
    return value.known() ? value : argument_at(at);
  }
  if (place.kind != Place::Kind::image) return {};
  if (const ThreadWord* word = image_.thread_word_at(place.at)) return thread_value(*word);
  if (memory == nullptr) {
    const Section* section = image_.section_at(place.at);
    if (section == nullptr) return {};
    // Where the linker's table of addresses stays writable, only the loader writes it.
    const bool constant = section->kind == model::SectionClass::constant || is_address_table(section->name);
    if (!constant) return section->writable() ? Value{Value::Kind::held, 0, place.at} : Value{};
    if (width == image_.pointer_size) return from_pointer(image_.pointer_at(place.at));
    const std::optional<std::uint64_t> bits = image_.number_at(place.at, width);
    return bits ? number_value(*bits) : Value{};
  }
  if (width == image_.pointer_size) return from_pointer(memory->pointer_at(place.at));
  const std::optional<std::uint64_t> bits = memory->number_at(place.at, width);
  return bits ? number_value(*bits) : Value{};
}
Value Evaluator::stored(const State& state, const Instruction& instruction, unsigned part) const {
  if (instruction.has_immediate) {
    const auto bits = static_cast<std::uint64_t>(instruction.immediate);
    if (part > 0 && !instruction.pair) return {};
    return number_value(low_bytes(bits, instruction.width));
  }
  if (instruction.pair && instruction.width <= 8) {
    if (part >= 2) return {};
    const Value value = register_value(state, part == 0 ? instruction.src : instruction.src2);
    return value.is_number() ? number_value(low_bytes(value.bits, instruction.width)) : value;
  }
  const Register source = instruction.pair && part >= 2 ? instruction.src2 : instruction.src;
  if (source == no_register) return {};
  if (source < first_vector) {
    Value value = register_value(state, source);
    if (value.kind == Value::Kind::byte) value = narrowed(value, instruction.width);
    return value.is_number() ? number_value(low_bytes(value.bits, instruction.width)) : value;
  }
  if (source >= 64) return {};
  const Halves halves = state.vector(source);
  return instruction.op == Op::store_high ? halves[1] : halves[part & 1];
}

void Evaluator::put(State& state, const Place& place, std::uint64_t offset, unsigned width, Value value,
                    Memory* writable) const {
  if (value.kind == Value::Kind::half && width == 8) {
    put(state, place, offset + 4, 4, {}, writable);
    return put(state, place, offset, 4, number_value(value.bits), writable);
  }
  if (width < 8) value = narrowed(value, width);
  if (value.kind == Value::Kind::stack) escape(state, value);
  if (place.kind == Place::Kind::stack) {
    const auto at = static_cast<std::int64_t>(place.at + offset);
    const std::int64_t end = at + std::max(width, 1u);
    const auto first = slot_behind(state.stack, at);
    auto last = first;
    while (last != state.stack.end() && last->offset < end) ++last;
    const std::size_t most = may_point(value) ? most_pointer_slots : most_slots;
    const std::size_t others = state.stack.size() - static_cast<std::size_t>(last - first);
    const StackSlot slot{at, width, value};
    if (!value.known() || others >= most) {
      state.stack.erase(first, last);
    } else if (first == last) {
      if (state.stack.capacity() == 0) {
        state.stack.reserve(usual_slots);
        state.stack.push_back(slot);
        return;
      }
      state.stack.insert(first, slot);
    } else {
      *first = slot;
      state.stack.erase(std::next(first), last);
    }
  } else if (place.kind == Place::Kind::image && writable != nullptr) {
    writable->store(place.at + offset, width, to_pointer(value));
  }
}

void Evaluator::store(State& state, const Instruction& instruction, Memory* writable) const {
  const Place to = place(state, instruction.memory);
  const unsigned width = instruction.width;
  if (to.kind != Place::Kind::stack && to.kind != Place::Kind::image) {
    if (to.kind != Place::Kind::thread) weaken_stack(state, state.escaped);
    return;
  }
  if (to.indexed) {
    // `writable`: one way alone is followed, and what is kept has to be certain.
    if (to.kind == Place::Kind::stack && writable != nullptr) state.stack.clear();
    if (to.kind == Place::Kind::stack) weaken_stack(state, std::numeric_limits<std::int64_t>::min());
    if (to.kind == Place::Kind::image && writable != nullptr) writable->forget(to.at, longest_table);
    return;
  }
  const bool plain = instruction.op == Op::store || instruction.op == Op::store_high;
  if (!plain || width == 0) return put(state, to, 0, width == 0 ? 8 : width, {}, writable);
  if (instruction.op == Op::store_high) return put(state, to, 0, 8, stored(state, instruction, 1), writable);
  const unsigned each = std::min(width, 8u);
  const unsigned parts = instruction.parts();
  if (parts == 1) return put(state, to, 0, each, stored(state, instruction, 0), writable);
  std::array<Value, 16> values{};
  for (unsigned i = 0; i < parts && i < values.size(); ++i) values[i] = stored(state, instruction, i);
  for (unsigned i = 0; i < parts && i < values.size(); ++i)
    put(state, to, std::uint64_t{i} * each, each, values[i], writable);
}

std::array<Value, 2> Evaluator::loaded(const State& state, const Instruction& instruction, const Place& at,
                                       const Memory* memory) const {
  if (instruction.width == 16 && instruction.dst >= first_vector && instruction.dst < 64) {
    return {load(state, at, 8, memory), load(state, at.plus(8), 8, memory)};
  }
  if (instruction.width == 0 || instruction.width > 8) return {};
  Value value = load(state, at, instruction.width, memory);
  if (instruction.sign_extends && value.is_number()) value.bits = sign_extended(value.bits, instruction.width);
  return {value, number_value(0)};
}

}  // namespace isoaudit::analyzer
