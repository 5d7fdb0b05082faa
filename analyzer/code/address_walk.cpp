#include "analyzer/code/address_walk.h"

#include <algorithm>
#include <utility>

#include "analyzer/code/jump_tables.h"

namespace isoaudit::analyzer {
namespace {

/// What was needed for functions of more instructions is not kept.
constexpr std::size_t most_kept = 4096;

/// Windows' tables have them among much else.
bool may_catch_exceptions(const Image& image) {
  const auto is_table = [](const Section& section) {
    return section.name.starts_with(".gcc_except_table") || section.name.ends_with(",__gcc_except_tab");
  };
  return image.format == model::BinaryFormat::pe || std::ranges::any_of(image.sections, is_table);
}

}  // namespace

AddressWalk::AddressWalk(const Image& image, const Evaluator& evaluator, Module& module)
    : image_(image), evaluator_(evaluator), catches_exceptions_(may_catch_exceptions(image)), module_(module) {}

void AddressWalk::begin(const FunctionCode& function) {
  function_ = &function;
  stack_pointers_ = 0;
  ways_in_found_ = takes_together_ = false;
  sees_stack_.reset();
  reads_.clear();
  further_words_.clear();
  passes_.clear();
  kept_.clear();
  known_kept_.clear();
  words_.clear();
  watches_rows_ = false;
  steps_left_ = all_steps();
}

void AddressWalk::give_room_back() {
  if (seen_.size() <= most_kept) return;
  seen_ = {};
  stretches_.give_room_back();
  ways_in_found_ = takes_together_ = false;
  positions_.give_room_back();
  sees_stack_.reset();
}

bool AddressWalk::follow(std::span<const std::uint32_t> numbers) {
  derived_.clear();
  if (!std::ranges::all_of(numbers, [&](std::uint32_t number) { return begin_with(number); })) return false;
  // One address may be made in many places.
  std::ranges::stable_sort(derived_, {}, &Derived::value);
  return follow_derived() && follow_kept();
}

bool AddressWalk::follow_derived() {
  while (!derived_.empty()) {
    value_ = derived_.back().value;
    begin_value();
    for (; !derived_.empty() && derived_.back().value == value_; derived_.pop_back()) {
      const Derived& next = derived_.back();
      if (function_->code_follows(next.instruction)) open_.push_back({next.instruction + 1, next.holders});
    }
    if (!follow_value()) return false;
  }
  return true;
}

/// False where it is not plain what the instruction leaves where.
bool AddressWalk::begin_with(std::uint32_t number) {
  const Instruction& first = function_->instructions[number];
  if (first.op == Op::call || first.memory.segment) return begin_in_thread(number);
  const Place place = evaluator_.place(state_, first.memory);
  if (place.kind != Place::Kind::image || place.indexed) return false;
  if (first.op == Op::address) {
    if (first.dst >= first_vector) return false;
    derived_.push_back({number, held_by(first.dst), {Value::Kind::address, 0, place.at}});
    return true;
  }
  if (first.op != Op::load && first.op != Op::load_high) return false;
  const unsigned words = words_loaded(first);
  for (unsigned i = 0; i < words; ++i) {
    const Value value = evaluator_.load(state_, place.plus(std::uint64_t{8} * i), 8, nullptr);
    if (!value.known()) return false;
    const bool leads_on = value.kind == Value::Kind::address || value.kind == Value::Kind::held;
    if (leads_on) derived_.push_back({number, holder_of_loaded(first, i), value});
  }
  return words != 0;
}

/// What a call returns (see thread_address_function), or what is found by where the thread's memory begins.
bool AddressWalk::begin_in_thread(std::uint32_t number) {
  const Instruction& first = function_->instructions[number];
  if (first.op != Op::call) {
    // That memory begins with its own address.
    const bool takes = first.op == Op::load || first.op == Op::compute || first.op == Op::add;
    if (!takes) return registers_replaced(first) == 0;
    if (first.dst >= first_vector || first.pair) return false;
    derived_.push_back({number, held_by(first.dst), thread_value()});
    return true;
  }
  const CallingConvention& convention = evaluator_.convention();
  const Instruction& maker = function_->instructions[made_before(number, convention.arguments[0])];
  const bool is_plain = maker.op == Op::address && maker.names_address();
  const ThreadWord* word =
      is_plain ? image_.thread_word_at(static_cast<std::uint64_t>(maker.memory.displacement)) : nullptr;
  if (word == nullptr || !word->elsewhere) {
    derived_.push_back({number, held_by(convention.result), word != nullptr ? thread_value(*word) : thread_value()});
  }
  return true;
}

bool AddressWalk::follow_argument(unsigned argument) {
  const std::ptrdiff_t entry = function_->index_of(function_->begin);
  if (entry < 0) return false;
  passes_.clear();
  steps_left_ = all_steps();
  value_ = {Value::Kind::argument, 0, argument};
  derived_.clear();
  begin_value();
  kept_.clear();
  known_kept_.clear();
  open_.push_back({static_cast<std::size_t>(entry), held_by(evaluator_.convention().arguments[argument])});
  return follow_value() && follow_kept();
}

void AddressWalk::begin_value() {
  ++walk_;
  open_.clear();
  thrown_ = {};
}

bool AddressWalk::follow_value() {
  if (seen_.size() < function_->instructions.size()) seen_.resize(function_->instructions.size());
  while (!open_.empty()) {
    const Point point = open_.back();
    open_.pop_back();
    if (!go_on(point)) return false;
  }
  return true;
}

/// Something holds the value there that did not when the walk came by. Which words are overwritten is known of all that
/// hold a place together.
inline bool AddressWalk::is_new(Point& point) {
  Seen& seen = seen_[point.instruction];
  if (seen.walk != walk_) {
    seen = {point.holders, walk_};
    return !is_lost(point.holders);
  }
  if (watches_rows()) {
    if (seen.holders.has_all(point.holders)) return false;
    point.holders.add(seen.holders);
  } else {
    point.holders.remove(seen.holders);
  }
  seen.holders.add(point.holders);
  return !is_lost(point.holders);
}

inline bool AddressWalk::is_lost(const Holders& holders) const {
  return holders.any_part() == 0 && (holders.words == 0 || watches_rows());
}

inline bool AddressWalk::has_to_do_with(const Instruction& instruction, const Point& point) const {
  if (((registers_read(instruction) | registers_replaced(instruction)) & point.holders.any_part()) != 0) return true;
  if (point.holders.words != 0 && words_touched(point, point.holders.words) != 0) return true;
  return watches_rows() && stretches_.is_marked(static_cast<std::uint32_t>(point.instruction));
}

/// To where nothing holds the value any more, where it was seen before, or where control leaves. What becomes of one
/// register does not hang on the others.
bool AddressWalk::go_on(Point point) {
  while (true) {
    if (!is_new(point)) return true;
    if (steps_left_ == 0) return false;
    --steps_left_;
    if (const Stretch* stretch = stretch_at(point.instruction); stretch && passes_by(*stretch, point.holders)) {
      if (stretch->calls && catches_exceptions_) enter_landing_pads(point.holders);
      if (stretch->target != Stretch::nowhere) lead_to(stretch->target, point.holders);
      if (stretch->next == Stretch::nowhere) return true;
      point.instruction = stretch->next;
      continue;
    }
    const Instruction& instruction = function_->instructions[point.instruction];
    if (instruction.op == Op::call || instruction.op == Op::jump) {
      if (stays_inside(*function_, instruction)) {
        return branches_to(instruction.target, point.holders);
      }
      if (goes_through_table(instruction) && leads_inside(point.instruction)) return enter_labels(instruction, point);
      if (!passes_on(instruction, point)) return false;
      if (instruction.ends_block()) return true;
      const CallingConvention& convention = evaluator_.convention();
      point.holders.lose(convention.clobbered | register_bit(convention.result));
      if (catches_exceptions_ && !point.holders.none()) enter_landing_pads(point.holders);
    } else if (instruction.ends_block()) {
      const bool hands_back =
          instruction.op == Op::result && is_argument() && point.holders.in_lower(evaluator_.convention().result);
      return !hands_back;
    } else if (instruction.is_branch()) {
      if (!branches_to(instruction.target, point.holders)) return false;
    } else if (has_to_do_with(instruction, point)) {
      if (!reads_through(point) || !keeps_sight(instruction, point)) return false;
    }
    if (is_lost(point.holders) || !function_->code_follows(point.instruction)) return true;
    ++point.instruction;
  }
}

/// What else is known than the base does not matter.
Place AddressWalk::place_in(const MemoryOperand& memory, const Value& base) {
  state_.general[memory.base] = base;
  const Place place = evaluator_.place(state_, memory);
  state_.general[memory.base] = {};
  return place;
}

/// A pointer to writable memory, or a variable that was one when the image was loaded.
bool AddressWalk::leads_into_image(const Value& loaded) {
  if (may_point(loaded)) return true;
  return loaded.kind == Value::Kind::held && place_in({.base = 0}, loaded).kind == Place::Kind::image;
}

/// False when the instruction writes through the value, or takes another address by it that is not followed.
bool AddressWalk::reads_through(const Point& point) {
  const std::size_t number = point.instruction;
  const std::uint64_t registers = point.holders.registers;
  const Instruction& instruction = function_->instructions[number];
  const MemoryOperand& memory = instruction.memory;
  if ((register_bit(memory.index) & registers) != 0) return is_place_on_stack();
  if ((register_bit(memory.base) & registers) == 0 || instruction.op == Op::address) return true;
  if (is_place_on_stack()) {
    const Place place = place_in(memory, value_);
    return place.kind != Place::Kind::stack || place.indexed || take_kept(point, static_cast<std::int64_t>(place.at));
  }
  if (is_in_thread()) return reads_in_thread(number);
  if (!instruction.has_memory || instruction.writes_memory || memory.segment || memory.writeback != 0) return false;
  const Place place = place_in(memory, value_);
  // What lies where others let it point, nobody knows.
  const bool leads_elsewhere = value_.kind == Value::Kind::held && place.kind == Place::Kind::unknown;
  if (place.kind == Place::Kind::argument || leads_elsewhere) return true;
  if (place.kind != Place::Kind::image || place.last != place.at) return false;
  if (memory.index != no_register) {
    // Most tables hold no pointers yet when the image is loaded.
    const bool leads_on = value_.kind != Value::Kind::address || evaluator_.load(state_, place, 8, nullptr).known();
    if (!leads_on) reads_.push_back(place);
    return !leads_on;
  }
  const unsigned words = instruction.parts();
  // Who calls through it does not keep it.
  for (unsigned i = 0; i < words && instruction.op != Op::call && instruction.op != Op::jump; ++i) {
    const Place word = place.plus(std::uint64_t{8} * i);
    const Value loaded = evaluator_.load(state_, word, 8, nullptr);
    if (!leads_into_image(loaded) && !module_.holds_followed(word.at)) continue;
    const bool goes_on = loaded.known() && (instruction.op == Op::load || instruction.op == Op::load_high);
    if (!goes_on || i >= words_loaded(instruction)) return false;
    derived_.push_back({number, holder_of_loaded(instruction, i), loaded});
  }
  reads_.push_back(place);
  for (unsigned i = 1; i < words; ++i) further_words_.push_back(place.at + std::uint64_t{8} * i);
  return true;
}

/// False when a word is stored there, or it is not plain what is taken from there.
bool AddressWalk::reads_in_thread(std::size_t number) {
  const Instruction& instruction = function_->instructions[number];
  const MemoryOperand& memory = instruction.memory;
  if (instruction.stores_word()) return changes_own_word(number);
  if (!instruction.has_memory || memory.index != no_register || memory.writeback != 0) return false;
  // What variables hold is anybody's. That memory begins with its own address.
  if (thread_owner(value_) == ThreadOwner::image || registers_replaced(instruction) == 0) return true;
  if (instruction.op != Op::load || instruction.pair || instruction.dst >= first_vector) return false;
  derived_.push_back({number, held_by(instruction.dst), thread_value()});
  return true;
}

/// Leaves what holds the value behind the instruction; false when it goes where it is not followed.
bool AddressWalk::keeps_sight(const Instruction& instruction, Point& point) {
  const Holders& before = point.holders;
  const std::uint64_t sources =
      register_bit(instruction.src) | (instruction.loads_second() ? 0 : register_bit(instruction.src2));
  const bool is_source = (sources & before.any_part()) != 0;
  const bool is_held = value_.kind == Value::Kind::held;
  Holders holds;
  switch (instruction.op) {
    case Op::address: {
      const MemoryOperand& memory = instruction.memory;
      if (!before.in_lower(memory.base)) break;
      if (!moves_by(point.instruction, memory.base, place_in(memory, value_), holds)) return false;
      break;
    }
    case Op::add: {
      if (!is_source || (is_place_on_stack() && !instruction.has_immediate)) break;
      const bool plain = instruction.has_immediate && instruction.width == 8 && instruction.dst < first_vector;
      if (!is_place_on_stack() && (is_held || !plain)) return false;
      const Place place = place_in({.base = 0, .displacement = instruction.immediate}, value_);
      if (!moves_by(point.instruction, instruction.src, place, holds)) return false;
      break;
    }
    case Op::copy:
    case Op::merge:
    case Op::spread:
    case Op::load_high:
      if (is_source && !copy_to(instruction, before, holds)) return false;
      break;
    case Op::store:
    case Op::store_high:
      if (!is_source || is_place_on_stack()) break;
      if (may_store_on_stack(instruction, point.instruction)) {
        if (!put_on_stack(instruction, point)) return false;
      } else if (is_argument()) {
        return false;
      }
      break;
    case Op::compute:
      if (is_source && (is_held || is_in_thread())) return false;
      break;
    case Op::other:
    case Op::load:
    case Op::compare:
    case Op::test:
    case Op::pop: break;
    case Op::fill:
    case Op::move_block:
      if ((fixed_registers & before.registers) != 0 && !is_place_on_stack()) return false;
      break;
    case Op::compare_exchange:
      if ((is_source || before.in_lower(0)) && !is_place_on_stack()) return false;
      break;
    default:
      if (is_source && !is_place_on_stack()) return false;
      break;
  }
  std::uint64_t lost_words = 0;
  if (watches_rows()) {
    note_rows(point);
  } else if (before.words != 0) {
    if (!take_from_stack(point, holds)) return false;
    if (surely_overwrites(instruction)) lost_words = words_touched(point, before.words);
  }
  point.holders.lose(registers_replaced(instruction));
  point.holders.words &= ~lost_words;
  point.holders.add(holds);
  return true;
}

/// The instruction makes the address of a place from the value, which it takes from a register; false where that is not
/// followed.
bool AddressWalk::moves_by(std::size_t number, Register from, const Place& place, Holders& holds) {
  const Register to = function_->instructions[number].dst;
  if (is_argument()) {
    holds.add_lower(to);
    return true;
  }
  if (is_place_on_stack()) {
    if (!place.indexed && to != from) derive_place(number, to, static_cast<std::int64_t>(place.at));
    return true;
  }
  if (is_in_thread()) return derive_in_thread(number, to, place);
  if (value_.kind == Value::Kind::held || place.kind != Place::Kind::image || place.indexed || to >= first_vector)
    return false;
  derive(number, to, place.at);
  return true;
}

/// Between registers.
bool AddressWalk::copy_to(const Instruction& instruction, const Holders& before, Holders& holds) const {
  const bool lower = before.in_lower(instruction.src);
  if (register_bit(instruction.dst) == 0) return is_place_on_stack();
  switch (instruction.op) {
    case Op::copy:
      // Half an address is none.
      if (lower && (instruction.width != 4 || value_.kind == Value::Kind::held)) holds.add_lower(instruction.dst);
      if (instruction.width != 8 && before.in_upper(instruction.src)) holds.add_upper(instruction.dst);
      return true;
    case Op::merge:
    case Op::load_high:
      if (lower) holds.add_lower(instruction.dst);
      if (before.in_lower(instruction.src2)) holds.add_upper(instruction.dst);
      return true;
    default:
      if (is_vector(instruction.src)) return is_place_on_stack();
      holds.add_lower(instruction.dst);
      holds.add_upper(instruction.dst);
      return true;
  }
}

/// False where it is not seen where that is.
bool AddressWalk::derive_in_thread(std::size_t number, Register to, const Place& place) {
  if (place.kind != Place::Kind::thread || place.indexed || to >= first_vector) return false;
  derived_.push_back({number, held_by(to), thread_value(ThreadOwner::image, place.at)});
  return true;
}

void AddressWalk::derive(std::size_t number, Register to, std::uint64_t address) {
  if (!module_.leads_to_writable(address)) return;
  derived_.push_back({number, held_by(to), {Value::Kind::address, 0, address}});
}

}  // namespace isoaudit::analyzer
