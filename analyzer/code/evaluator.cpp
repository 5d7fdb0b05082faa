#include "analyzer/code/evaluator.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace isoaudit::analyzer {

bool is_address_table(std::string_view section) { return section.starts_with(".got") || section.ends_with(",__got"); }

Value thread_value(const ThreadWord& word) {
  return word.elsewhere ? thread_value(ThreadOwner::elsewhere, 0) : thread_value(ThreadOwner::image, word.offset);
}

namespace {

Place argument_place(std::uint16_t arguments) {
  return {Place::Kind::argument, static_cast<std::uint64_t>(std::countr_zero(arguments)), true, arguments};
}

}  // namespace

Place Evaluator::place(const State& state, const MemoryOperand& operand) const {
  if (operand.segment) return thread_place(state, operand);
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
  const auto arguments = static_cast<std::uint16_t>(base.arguments());
  switch (base.kind) {
    case Value::Kind::stack: return {Place::Kind::stack, base.bits + offset, indexed};
    case Value::Kind::address: return {Place::Kind::image, base.bits + offset, indexed, 0, base.bits + offset};
    case Value::Kind::region: return {Place::Kind::image, base.bits, true, arguments, base.last(), true};
    case Value::Kind::argument: return {Place::Kind::argument, base.bits, true, arguments};
    case Value::Kind::import:
      if (offset == 0 && !indexed) return {Place::Kind::import, base.name};
      break;
    case Value::Kind::held:
    case Value::Kind::changed: {
      // A pointer variable that nothing else is known of: it may still point where it was initialised to.
      const Pointer first = image_.pointer_at(base.bits);
      if (first.kind != Pointer::Kind::address) {
        if (arguments != 0) return argument_place(arguments);
        break;
      }
      const std::uint64_t at = first.value + (base.kind == Value::Kind::held ? offset : 0);
      return {Place::Kind::image, at, true, 0, at};
    }
    case Value::Kind::thread_changed:
      if (arguments != 0) return argument_place(arguments);
      break;
    default: break;
  }
  const bool by_thread =
      operand.index != no_register && register_value(state, operand.index).kind == Value::Kind::thread;
  if (base.kind == Value::Kind::thread || by_thread) return thread_place(state, operand);
  // RIP-relative: no base register at all.
  const bool absolute = operand.base == no_register && operand.index == no_register;
  if (absolute) return {Place::Kind::image, offset, false, 0, offset};
  return {};
}

/// One of the operands tells how far into whose memory it is, another where that begins, in any order.
Place Evaluator::thread_place(const State& state, const MemoryOperand& operand) const {
  const auto value_of = [&](Register number) {
    return number == no_register ? thread_value() : register_value(state, number);
  };
  const Value place = computed(value_of(operand.base), value_of(operand.index));
  if (place.kind != Value::Kind::thread || operand.scale > 1) return {Place::Kind::thread, 0, true};
  if (thread_owner(place) == ThreadOwner::elsewhere) return {};
  if (thread_owner(place) == ThreadOwner::unknown) return {Place::Kind::thread, 0, true};
  return {Place::Kind::thread, place.bits + static_cast<std::uint64_t>(operand.displacement)};
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
    case Value::Kind::thread:
      if (thread_owner(value) == ThreadOwner::image) sum.bits += static_cast<std::uint64_t>(amount);
      return sum;
    case Value::Kind::held:
      if (amount != 0) sum.kind = Value::Kind::changed;
      return sum;
    case Value::Kind::thread_held:
      if (amount != 0) sum.kind = Value::Kind::thread_changed;
      return sum;
    case Value::Kind::changed:
    case Value::Kind::thread_changed: return value;
    default: return amount == 0 ? value : Value{};
  }
}

Value Evaluator::sum(const Value& left, const Value& right, unsigned width) const {
  if (right.is_number()) return add(left, static_cast<std::int64_t>(right.bits), width);
  if (left.is_number()) return add(right, static_cast<std::int64_t>(left.bits), width);
  if (width == 8) {
    const bool left_thread = left.kind == Value::Kind::thread, right_thread = right.kind == Value::Kind::thread;
    if (left_thread != right_thread) return thread_value();
    for (const auto& [pointer, other] : {std::pair(left, right), std::pair(right, left)}) {
      if (points_into_image(other) || other.kind == Value::Kind::stack) continue;
      if (points_into_image(pointer)) return weakened(pointer);
      if (was_held(other) || was_held_by_thread(other)) continue;
      if (pointer.kind == Value::Kind::argument && other.kind != Value::Kind::argument) return pointer;
    }
  }
  return computed(left, right);
}

/// What is shifted or made longer is no pointer.
Value Evaluator::second_of_sum(const State& state, const Instruction& instruction) const {
  const Value value = register_value(state, instruction.src2);
  if (instruction.shift == 0 && instruction.narrow == 0) return value;
  if (!value.is_number()) return computed(value, {});
  std::uint64_t bits = value.bits;
  if (instruction.narrow != 0) {
    bits = instruction.sign_extends ? sign_extended(bits, instruction.narrow) : low_bytes(bits, instruction.narrow);
  }
  return number_value(bits << instruction.shift);
}

Value Evaluator::computed(const Value& left, const Value& right) const {
  // Where the thread's memory begins and how far into it a variable lies: nothing but a sum is made of the two.
  if (left.kind == Value::Kind::thread && right.kind == Value::Kind::thread) {
    if (thread_owner(left) == ThreadOwner::unknown) return right;
    return thread_owner(right) == ThreadOwner::unknown ? left : thread_value();
  }
  // A pointer and an index that memory held, in whichever order.
  const auto arguments = static_cast<std::uint16_t>(left.arguments() | right.arguments());
  for (const Value& value : {left, right}) {
    if (was_held(value)) return {Value::Kind::changed, 0, value.bits, arguments};
  }
  for (const Value& value : {left, right}) {
    if (was_held_by_thread(value)) return {Value::Kind::thread_changed, 0, value.bits, arguments};
  }
  return {};
}

void Evaluator::set(State& state, Register number, Value value) const {
  if (number < first_vector) {
    state.general[number] = value;
  } else {
    state.set_vector(number, {value, Value{}});
  }
}

/// Compilers go on with what the registers hold then.
Evaluator::Block Evaluator::block_end(const State& state, const Instruction& instruction) const {
  if (instruction.op != Op::fill && instruction.op != Op::move_block) return {};
  const Value count = instruction.repeats ? register_value(state, 1) : number_value(1);
  constexpr std::uint64_t longest = 1 << 24;
  if (!count.is_number() || count.bits > longest) return {};
  const auto bytes = static_cast<std::int64_t>(count.bits * instruction.width);
  return {true, add(register_value(state, 7), bytes, 8), add(register_value(state, 6), bytes, 8)};
}

void Evaluator::step(State& state, const Instruction& instruction, const Memory* memory, Memory* writable) const {
  const auto source = [&] { return register_value(state, instruction.src); };
  const auto immediate = [&] { return number_value(static_cast<std::uint64_t>(instruction.immediate)); };
  // Values first: the destination may be part of the address.
  Value result{};
  bool sets = instruction.dst != no_register;
  Halves halves{}, second_halves{};
  const bool to_vector = is_vector(instruction.dst);
  switch (instruction.op) {
    case Op::copy:
      if (instruction.has_immediate) {
        halves = {immediate(), immediate()};
        result = immediate();
        if (instruction.width == 1 && !to_vector) result = {Value::Kind::byte, 0, low_bytes(result.bits, 1)};
      } else if (is_vector(instruction.src)) {
        halves = state.vector(instruction.src);
        result = halves[0];
        if (instruction.width == 8) halves[1] = number_value(0);
      } else {
        result = source();
        if (instruction.width == 4 && !to_vector) result = narrowed(result, 4);
        halves = {result, number_value(0)};
      }
      break;
    case Op::address: {
      const Place at = place(state, instruction.memory);
      if (at.indexed && at.kind == Place::Kind::stack) break;
      if (at.kind == Place::Kind::argument) {
        result = {Value::Kind::argument, 0, at.at, static_cast<std::uint16_t>(at.arguments & ~(1u << at.at))};
      }
      if (at.kind == Place::Kind::stack) result = {Value::Kind::stack, 0, at.at};
      if (at.kind == Place::Kind::thread)
        result = at.indexed ? thread_value() : thread_value(ThreadOwner::image, at.at);
      if (at.kind == Place::Kind::unknown || at.kind == Place::Kind::argument) {
        // Arithmetic that is written as an address.
        const Register base = instruction.memory.base, index = instruction.memory.index;
        const Value sum = computed(base == no_register ? Value{} : register_value(state, base),
                                   index == no_register ? Value{} : register_value(state, index));
        if (sum.known()) result = sum;
      }
      if (at.kind == Place::Kind::image) {
        result = {Value::Kind::address, 0, at.at};
        if (at.indexed) meet(result, {Value::Kind::region, 0, at.last, at.arguments});
      }
      break;
    }
    case Op::load: {
      const Place at = place(state, instruction.memory);
      halves = loaded(state, instruction, at, memory);
      result = halves[0];
      if (instruction.pair) {
        second_halves = loaded(state, instruction, at.plus(instruction.width), memory);
      }
      break;
    }
    case Op::add:
      result = instruction.has_immediate
                   ? add(source(), instruction.immediate, instruction.width == 4 ? 4 : 8)
                   : sum(source(), second_of_sum(state, instruction), instruction.width == 4 ? 4 : 8);
      break;
    case Op::align:
      result = source();
      if (instruction.immediate == 0) {
        result = number_value(0);
      } else if (result.kind == Value::Kind::stack || result.is_number()) {
        result.bits &= static_cast<std::uint64_t>(instruction.immediate);
        if (result.is_number()) result.bits = low_bytes(result.bits, instruction.width);
      } else {
        result = may_point(result) ? weakened(result) : computed(result, {});
      }
      break;
    case Op::choose:
      result = source();
      meet(result, instruction.has_memory ? load(state, place(state, instruction.memory), instruction.width, memory)
                                          : register_value(state, instruction.src2));
      if (instruction.width == 4) result = narrowed(result, 4);
      break;
    case Op::compute:
      result = computed(source(), instruction.has_memory
                                      ? load(state, place(state, instruction.memory), instruction.width, memory)
                                      : register_value(state, instruction.src2));
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
      halves[0] = state.vector(instruction.src)[0];
      halves[1] = load(state, place(state, instruction.memory), 8, memory);
      break;
    case Op::merge:
      halves[0] = state.vector(instruction.src)[0];
      halves[1] =
          instruction.src2 < first_vector ? register_value(state, instruction.src2) : state.vector(instruction.src2)[0];
      break;
    case Op::spread: halves = {source(), source()}; break;
    case Op::push: {
      Value& top = state.general[convention_.stack_pointer];
      const Value pushed = instruction.has_immediate ? immediate()
                           : instruction.has_memory  ? load(state, place(state, instruction.memory), 8, memory)
                                                     : source();
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
  Flags exchanged{};
  if (instruction.op == Op::compare_exchange) {
    const Place at = place(state, instruction.memory);
    exchanged = {Flags::Kind::exchange, instruction.width, narrowed(state.general[0], instruction.width),
                 narrowed(source(), instruction.width),
                 at.kind == Place::Kind::image && !at.indexed ? at.at : std::uint64_t{0}};
  }
  if (instruction.op == Op::store_exclusive || instruction.op == Op::compare_swap) {
    result = answer_of(state, instruction);
    sets = result.known();
  }
  if (instruction.writes_memory) store(state, instruction, writable);
  const Block block = block_end(state, instruction);
  if (instruction.clobbers != 0) state.forget(instruction.clobbers);
  if (block.known) {
    state.general[7] = block.to;
    if (instruction.op == Op::move_block) state.general[6] = block.from;
    if (instruction.repeats) state.general[1] = number_value(0);
  }
  if (instruction.memory.writeback != 0 && instruction.memory.base < first_vector) {
    Value& base = state.general[instruction.memory.base];
    base = add(base, instruction.memory.writeback, 8);
  }
  const bool old_flags = state.flags.kind != Flags::Kind::unknown || exchanged.kind != Flags::Kind::unknown;
  if (!keeps_flags(instruction.op) && old_flags) state.flags = exchanged;
  if (!sets) return;
  if (to_vector) {
    state.set_vector(instruction.dst, halves);
  } else {
    // Where the frame lies is no secret that gets out.
    const bool frame = convention_.is_frame(instruction.dst);
    const bool computes = instruction.op == Op::address || instruction.op == Op::add;
    if (computes && !frame && result.kind == Value::Kind::stack) escape(state, result);
    set(state, instruction.dst, result);
  }
  if (instruction.op != Op::load || !instruction.pair) return;
  if (is_vector(instruction.src2)) {
    state.set_vector(instruction.src2, second_halves);
  } else {
    set(state, instruction.src2, second_halves[0]);
  }
}

/// Of the numbers that locks are taken and given back with.
Value Evaluator::answer_of(const State& state, const Instruction& instruction) const {
  const Value stores = stored(state, instruction, 0);
  const Value expected = instruction.op == Op::compare_swap ? register_value(state, instruction.dst) : number_value(0);
  if (!stores.is_number() || stores.bits > 1 || !expected.is_number() || expected.bits > 1) return {};
  const Place at = place(state, instruction.memory);
  const bool known = at.kind == Place::Kind::image && !at.indexed;
  return exclusive_value(stores.bits != 0, expected.bits != 0, known ? at.at : 0);
}

void Evaluator::escape(State& state, const Value& address) {
  state.escaped = std::min(state.escaped, static_cast<std::int64_t>(address.bits));
}

void Evaluator::after_unseen_call(State& state, Value result) const {
  for (const Register argument : convention_.arguments) {
    if (state.general[argument].kind == Value::Kind::stack) escape(state, state.general[argument]);
  }
  weaken_stack(state, state.escaped);
  after_call(state, result);
}

void Evaluator::after_call(State& state, Value result) const {
  state.forget(convention_.clobbered);
  state.general[convention_.result] = result;
  state.flags = {};
}

}  // namespace isoaudit::analyzer
