#include "analyzer/code/state.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

/// More slots than this are not worth following; a function with so many keeps the ones it wrote first.
constexpr std::size_t most_slots = 96;
/// What a store at an unknown index may hit.
constexpr std::uint64_t longest_table = 512;

std::uint64_t low_bytes(std::uint64_t value, unsigned width) {
  return width >= 8 ? value : value & ((std::uint64_t{1} << (width * 8)) - 1);
}

std::uint64_t sign_extended(std::uint64_t value, unsigned width) {
  if (width >= 8 || width == 0) return value;
  const std::uint64_t sign = std::uint64_t{1} << (width * 8 - 1);
  return (low_bytes(value, width) ^ sign) - sign;
}

void cut_slots(std::vector<StackSlot>& slots, std::int64_t begin, std::int64_t end) {
  std::erase_if(slots, [&](const StackSlot& s) { return s.offset < end && s.offset + s.width > begin; });
}

template <class T>
bool keep_equal(T& into, const T& other) {
  if (into == other || into == T{}) return false;
  into = T{};
  return true;
}

bool points_into_image(const Value& value) {
  return value.kind == Value::Kind::address || value.kind == Value::Kind::region;
}

/// Two addresses that meet are a region: a loop that moves a pointer, or a choice between places. It starts at the
/// lower one, so that it can only grow a bounded number of times.
bool meet(Value& into, const Value& other) {
  if (into == other || !into.known()) return false;
  const Value old = into;
  if (points_into_image(into) && points_into_image(other)) {
    into = {Value::Kind::region, 0, std::min(into.bits, other.bits)};
  } else {
    into = {};
  }
  return into != old;
}

}  // namespace

Value number_value(std::uint64_t bits) { return {Value::Kind::number, 0, bits}; }

std::uint32_t Names::number_of(std::string_view name) {
  if (name.empty()) return 0;
  if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(name);
  numbers_.emplace(name, number);
  return number;
}

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

Value Evaluator::register_value(const State& state, Register number) const {
  if (number == zero_register) return number_value(0);
  return number < first_vector ? state.general[number] : Value{};
}

Place Evaluator::place(const State& state, const MemoryOperand& operand) const {
  if (operand.segment) return {Place::Kind::thread, 0, false};
  Value base = operand.base == no_register ? number_value(0) : register_value(state, operand.base);
  std::uint64_t offset = static_cast<std::uint64_t>(operand.displacement);
  bool indexed = false;
  if (operand.index != no_register) {
    const Value index = register_value(state, operand.index);
    if (index.is_number()) {
      offset += index.bits * operand.scale;
    } else if (points_into_image(index) && operand.scale == 1 && !points_into_image(base)) {
      // Base and index may stand the other way round.
      indexed = !base.is_number();
      offset += base.is_number() ? base.bits : 0;
      base = index;
    } else {
      indexed = true;
    }
  }
  if (base.kind == Value::Kind::stack) return {Place::Kind::stack, base.bits + offset, indexed};
  if (base.kind == Value::Kind::address) return {Place::Kind::image, base.bits + offset, indexed};
  if (base.kind == Value::Kind::region) return {Place::Kind::image, base.bits, true};
  if (base.kind == Value::Kind::argument) return {Place::Kind::argument, base.bits, true};
  const bool by_thread =
      operand.index != no_register && register_value(state, operand.index).kind == Value::Kind::thread;
  if (base.kind == Value::Kind::thread || by_thread) return {Place::Kind::thread, 0, false};
  // RIP-relative: no base register at all.
  const bool absolute = operand.base == no_register && operand.index == no_register;
  if (absolute) return {Place::Kind::image, offset, false};
  return {};
}

Value Evaluator::from_pointer(const Pointer& pointer) const {
  switch (pointer.kind) {
    case Pointer::Kind::null: return number_value(0);
    case Pointer::Kind::plain: return number_value(pointer.value);
    case Pointer::Kind::address: return {Value::Kind::address, 0, pointer.value};
    case Pointer::Kind::import: return {Value::Kind::import, names_.number_of(pointer.name), 0};
    case Pointer::Kind::unreadable: break;
  }
  return {};
}

Pointer Evaluator::to_pointer(const Value& value) const {
  switch (value.kind) {
    case Value::Kind::number: return {value.bits == 0 ? Pointer::Kind::null : Pointer::Kind::plain, value.bits, {}};
    case Value::Kind::address: return {Pointer::Kind::address, value.bits, {}};
    case Value::Kind::import: return {Pointer::Kind::import, 0, names_.text(value.name)};
    default: return {};
  }
}

namespace {

/// A word that was stored in two halves, as structures with a four-byte id and padding are.
Value from_halves(const std::vector<StackSlot>& stack, std::int64_t at) {
  const auto half = [&](std::int64_t offset) {
    const auto slot = std::ranges::find_if(
        stack, [&](const StackSlot& s) { return s.offset == offset && s.width == 4 && s.value.is_number(); });
    return slot == stack.end() ? Value{} : slot->value;
  };
  const Value low = half(at), high = half(at + 4);
  if (!low.known()) return {};
  if (high.known()) return number_value(low_bytes(low.bits, 4) | high.bits << 32);
  return {Value::Kind::half, 0, low_bytes(low.bits, 4)};
}

}  // namespace

Value Evaluator::load(const State& state, const Place& place, unsigned width, const Memory* memory) const {
  if (place.indexed) return {};
  if (place.kind == Place::Kind::stack) {
    const auto at = static_cast<std::int64_t>(place.at);
    for (const StackSlot& slot : state.stack) {
      if (slot.offset == at && slot.width == width) return slot.value;
      const bool inside = slot.offset <= at && at + width <= slot.offset + slot.width;
      if (inside && slot.value.is_number() && slot.width <= 8) {
        return number_value(low_bytes(slot.value.bits >> ((at - slot.offset) * 8), width));
      }
    }
    return width == 8 ? from_halves(state.stack, at) : Value{};
  }
  if (place.kind == Place::Kind::thread) return {Value::Kind::thread, 0, 0};
  if (place.kind != Place::Kind::image) return {};
  if (memory == nullptr) {
    const Section* section = image_.section_at(place.at);
    if (section == nullptr || section->kind != model::SectionClass::constant) return {};
    if (width == image_.pointer_size) return from_pointer(image_.pointer_at(place.at));
    const std::optional<std::uint64_t> bits = image_.number_at(place.at, width);
    return bits ? number_value(*bits) : Value{};
  }
  if (width == image_.pointer_size) return from_pointer(memory->pointer_at(place.at));
  const std::optional<std::uint64_t> bits = memory->number_at(place.at, width);
  return bits ? number_value(*bits) : Value{};
}

Value Evaluator::add(const Value& value, std::int64_t amount, unsigned width) const {
  Value sum = value;
  switch (value.kind) {
    case Value::Kind::number: sum.bits = low_bytes(value.bits + static_cast<std::uint64_t>(amount), width); return sum;
    case Value::Kind::address:
    case Value::Kind::stack:
      if (width < 8) return {};
      sum.bits += static_cast<std::uint64_t>(amount);
      return sum;
    // Somewhere in there: the distance does not matter.
    case Value::Kind::region:
    case Value::Kind::argument: return width < 8 ? Value{} : value;
    case Value::Kind::thread: return value;
    default: return amount == 0 ? value : Value{};
  }
}

Value Evaluator::sum(const Value& left, const Value& right, unsigned width) const {
  if (right.is_number()) return add(left, static_cast<std::int64_t>(right.bits), width);
  if (left.is_number()) return add(right, static_cast<std::int64_t>(left.bits), width);
  if (width < 8) return {};
  for (const auto& [pointer, other] : {std::pair(left, right), std::pair(right, left)}) {
    if (points_into_image(other) || other.kind == Value::Kind::stack) continue;
    if (points_into_image(pointer)) return {Value::Kind::region, 0, pointer.bits};
    if (pointer.kind == Value::Kind::argument && other.kind != Value::Kind::argument) return pointer;
  }
  return {};
}

void Evaluator::set(State& state, Register number, Value value) const {
  if (number < first_vector) {
    state.general[number] = value;
  } else if (number < 64) {
    state.vector[number - first_vector] = {value, Value{}};
  }
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
    const Value value = register_value(state, source);
    return value.is_number() ? number_value(low_bytes(value.bits, instruction.width)) : value;
  }
  if (source >= 64) return {};
  const auto& halves = state.vector[source - first_vector];
  return instruction.op == Op::store_high ? halves[1] : halves[part & 1];
}

void Evaluator::put(State& state, const Place& place, std::uint64_t offset, unsigned width, Value value,
                    Memory* writable) const {
  if (value.kind == Value::Kind::half && width == 8) {
    put(state, place, offset + 4, 4, {}, writable);
    return put(state, place, offset, 4, number_value(value.bits), writable);
  }
  if (value.known() && width < 8 && !value.is_number()) value = {};
  if (place.kind == Place::Kind::stack) {
    const auto at = static_cast<std::int64_t>(place.at + offset);
    cut_slots(state.stack, at, at + std::max(width, 1u));
    if (!value.known() || state.stack.size() >= most_slots) return;
    const StackSlot slot{at, static_cast<std::uint8_t>(width), value};
    state.stack.insert(std::ranges::upper_bound(state.stack, slot), slot);
  } else if (place.kind == Place::Kind::image && writable != nullptr) {
    writable->store(place.at + offset, width, to_pointer(value));
  }
}

void Evaluator::store(State& state, const Instruction& instruction, Memory* writable) const {
  const Place to = place(state, instruction.memory);
  const unsigned width = instruction.width;
  if (to.kind != Place::Kind::stack && to.kind != Place::Kind::image) return;
  if (to.indexed) {
    if (to.kind == Place::Kind::stack) state.stack.clear();
    if (to.kind == Place::Kind::image && writable != nullptr) writable->forget(to.at, longest_table);
    return;
  }
  const bool plain = instruction.op == Op::store || instruction.op == Op::store_high;
  if (!plain || width == 0) return put(state, to, 0, width == 0 ? 8 : width, {}, writable);
  if (instruction.op == Op::store_high) return put(state, to, 0, 8, stored(state, instruction, 1), writable);
  const unsigned each = std::min(width, 8u);
  const unsigned parts = (width + 7) / 8 * (instruction.pair ? 2 : 1);
  std::array<Value, 16> values{};
  for (unsigned i = 0; i < parts && i < values.size(); ++i) values[i] = stored(state, instruction, i);
  for (unsigned i = 0; i < parts && i < values.size(); ++i) put(state, to, i * each, each, values[i], writable);
}

std::array<Value, 2> Evaluator::loaded(const State& state, const Instruction& instruction, const Place& at,
                                       const Memory* memory) const {
  if (instruction.width == 16 && instruction.dst >= first_vector && instruction.dst < 64) {
    return {load(state, at, 8, memory), load(state, {at.kind, at.at + 8, at.indexed}, 8, memory)};
  }
  if (instruction.width == 0 || instruction.width > 8) return {};
  Value value = load(state, at, instruction.width, memory);
  if (instruction.sign_extends && value.is_number()) value.bits = sign_extended(value.bits, instruction.width);
  return {value, number_value(0)};
}

void Evaluator::step(State& state, const Instruction& instruction, const Memory* memory, Memory* writable) const {
  const auto source = [&] { return register_value(state, instruction.src); };
  const auto immediate = [&] { return number_value(static_cast<std::uint64_t>(instruction.immediate)); };
  // Values first: the destination may be part of the address.
  Value result{};
  bool sets = instruction.dst != no_register;
  std::array<Value, 2> halves{}, second_halves{};
  const bool to_vector = instruction.dst >= first_vector && instruction.dst < 64;
  switch (instruction.op) {
    case Op::copy:
      if (instruction.has_immediate) {
        halves = {immediate(), immediate()};
        result = immediate();
      } else if (instruction.src >= first_vector && instruction.src < 64) {
        halves = state.vector[instruction.src - first_vector];
        result = halves[0];
        if (instruction.width == 8) halves[1] = number_value(0);
      } else {
        result = source();
        if (instruction.width == 4 && !to_vector) {
          result = result.is_number() ? number_value(low_bytes(result.bits, 4)) : Value{};
        }
        halves = {result, number_value(0)};
      }
      break;
    case Op::address: {
      const Place at = place(state, instruction.memory);
      if (at.indexed && at.kind == Place::Kind::stack) break;
      if (at.kind == Place::Kind::argument) result = {Value::Kind::argument, 0, at.at};
      if (at.kind == Place::Kind::stack) result = {Value::Kind::stack, 0, at.at};
      if (at.kind == Place::Kind::image) {
        result = {at.indexed ? Value::Kind::region : Value::Kind::address, 0, at.at};
      }
      break;
    }
    case Op::load: {
      const Place at = place(state, instruction.memory);
      halves = loaded(state, instruction, at, memory);
      result = halves[0];
      if (instruction.pair) {
        second_halves = loaded(state, instruction, {at.kind, at.at + instruction.width, at.indexed}, memory);
      }
      break;
    }
    case Op::add:
      result = instruction.has_immediate
                   ? add(source(), instruction.immediate, instruction.width == 4 ? 4 : 8)
                   : sum(source(), register_value(state, instruction.src2), instruction.width == 4 ? 4 : 8);
      break;
    case Op::align:
      result = source();
      if (instruction.immediate == 0) {
        result = number_value(0);
      } else if (result.kind == Value::Kind::stack || result.is_number()) {
        result.bits &= static_cast<std::uint64_t>(instruction.immediate);
      } else {
        result = {};
      }
      break;
    case Op::insert:
      result = register_value(state, instruction.dst);
      if (result.is_number()) {
        const std::uint64_t mask = std::uint64_t{0xFFFF} << instruction.shift;
        result.bits = (result.bits & ~mask) | (static_cast<std::uint64_t>(instruction.immediate) << instruction.shift);
      } else {
        result = {};
      }
      break;
    case Op::load_high:
      if (instruction.src >= first_vector && instruction.src < 64)
        halves[0] = state.vector[instruction.src - first_vector][0];
      halves[1] = load(state, place(state, instruction.memory), 8, memory);
      break;
    case Op::merge:
      if (instruction.src >= first_vector && instruction.src < 64)
        halves[0] = state.vector[instruction.src - first_vector][0];
      halves[1] = instruction.src2 < first_vector ? register_value(state, instruction.src2)
                  : instruction.src2 < 64         ? state.vector[instruction.src2 - first_vector][0]
                                                  : Value{};
      break;
    case Op::spread: halves = {source(), source()}; break;
    case Op::push: {
      Value& top = state.general[convention_.stack_pointer];
      const Value pushed = instruction.has_immediate ? immediate() : source();
      top = add(top, -8, 8);
      if (top.kind == Value::Kind::stack) put(state, {Place::Kind::stack, top.bits, false}, 0, 8, pushed, nullptr);
      break;
    }
    case Op::pop: {
      Value& top = state.general[convention_.stack_pointer];
      if (top.kind == Value::Kind::stack) result = load(state, {Place::Kind::stack, top.bits, false}, 8, nullptr);
      top = add(top, 8, 8);
      break;
    }
    case Op::compare:
    case Op::test: {
      Value left = source(), right = instruction.has_immediate ? immediate() : register_value(state, instruction.src2);
      if (instruction.has_memory) {
        const Value at = load(state, place(state, instruction.memory), instruction.width, memory);
        (instruction.src == no_register ? left : right) = at;
      }
      state.flags = {instruction.op == Op::compare ? Flags::Kind::compare : Flags::Kind::test, instruction.width, left,
                     right};
      return;
    }
    case Op::branch:
    case Op::branch_zero:
    case Op::branch_other:
    case Op::jump:
    case Op::call:
    case Op::stop:
    case Op::result: return;
    default: sets = false; break;
  }
  if (instruction.writes_memory) store(state, instruction, writable);
  for (std::uint64_t left = instruction.clobbers; left != 0; left &= left - 1) {
    set(state, static_cast<Register>(__builtin_ctzll(left)), {});
  }
  if (instruction.writeback != 0 && instruction.memory.base < first_vector) {
    Value& base = state.general[instruction.memory.base];
    base = add(base, instruction.writeback, 8);
  }
  const bool keeps_flags = instruction.op == Op::copy || instruction.op == Op::load || instruction.op == Op::store ||
                           instruction.op == Op::address || instruction.op == Op::push || instruction.op == Op::pop;
  if (!keeps_flags) state.flags = {};
  if (!sets) return;
  if (to_vector) {
    state.vector[instruction.dst - first_vector] = halves;
  } else {
    set(state, instruction.dst, result);
  }
  if (instruction.op != Op::load || !instruction.pair) return;
  if (instruction.src2 >= first_vector && instruction.src2 < 64) {
    state.vector[instruction.src2 - first_vector] = second_halves;
  } else {
    set(state, instruction.src2, second_halves[0]);
  }
}

void Evaluator::after_call(State& state, Value result) const {
  for (std::uint64_t left = convention_.clobbered; left != 0; left &= left - 1) {
    set(state, static_cast<Register>(__builtin_ctzll(left)), {});
  }
  state.general[convention_.result] = result;
  state.flags = {};
}

namespace {

/// Visual C++'s guard of a local static, 0 at first, is compared with the thread's epoch, which begins at the lowest
/// number: the first caller initialises.
void set_epoch(Flags& flags) {
  constexpr std::uint64_t first_epoch = 0x80000000;
  if (flags.left == number_value(0) && flags.right.kind == Value::Kind::thread) flags.right = number_value(first_epoch);
  if (flags.right == number_value(0) && flags.left.kind == Value::Kind::thread) flags.left = number_value(first_epoch);
}

}  // namespace

std::optional<bool> Evaluator::taken(const State& state, const Instruction& branch) const {
  Flags flags = state.flags;
  if (branch.op == Op::branch_zero) {
    const Value value = register_value(state, branch.src);
    flags = branch.has_immediate
                ? Flags{Flags::Kind::test, 8, value, number_value(static_cast<std::uint64_t>(branch.immediate))}
                : Flags{Flags::Kind::compare, 8, value, number_value(0)};
  } else if (branch.op != Op::branch) {
    return std::nullopt;
  }
  if (flags.kind == Flags::Kind::unknown) return std::nullopt;
  // An address is never null.
  const auto is_address = [](const Value& v) {
    return v.kind == Value::Kind::address || v.kind == Value::Kind::import || v.kind == Value::Kind::stack;
  };
  const bool test = flags.kind == Flags::Kind::test;
  const bool same = flags.left == flags.right;
  const bool against_zero = test ? same : flags.right == number_value(0);
  if (is_address(flags.left) && against_zero && (branch.condition == 4 || branch.condition == 5)) {
    return branch.condition == 5;
  }
  if (image_.format == model::BinaryFormat::pe && flags.width == 4 && branch.condition >= 12) set_epoch(flags);
  if (!flags.left.is_number() || !flags.right.is_number()) return std::nullopt;
  const unsigned width = flags.width == 0 ? 8 : flags.width;
  const std::uint64_t left = low_bytes(flags.left.bits, width), right = low_bytes(flags.right.bits, width);
  const std::uint64_t value = test ? left & right : low_bytes(left - right, width);
  const auto signed_left = static_cast<std::int64_t>(sign_extended(test ? value : left, width));
  const auto signed_right = test ? std::int64_t{0} : static_cast<std::int64_t>(sign_extended(right, width));
  const bool below = !test && left < right;
  bool holds = false;
  switch (branch.condition & ~1u) {
    case 2: holds = below; break;
    case 4: holds = value == 0; break;
    case 6: holds = below || value == 0; break;
    case 8: holds = static_cast<std::int64_t>(sign_extended(value, width)) < 0; break;
    case 12: holds = signed_left < signed_right; break;
    case 14: holds = signed_left <= signed_right; break;
    default: return std::nullopt;
  }
  return (branch.condition & 1u) != 0 ? !holds : holds;
}

}  // namespace isoaudit::analyzer
