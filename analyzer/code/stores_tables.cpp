// Addresses that are put beside each other on the stack, for whoever gets to know where.
#include <algorithm>
#include <limits>
#include <optional>

#include "analyzer/code/stores.h"

namespace isoaudit::analyzer {

bool Stores::is_own_address(const Value& value) const {
  return value.kind == Value::Kind::address && code_.writable(value.bits);
}

void Stores::tell_of_table(std::size_t index, std::uint64_t address, const std::string& guard) {
  // What the file initialises is a table that others read.
  if (!code_.image().starts_as_zeros(address, code_.image().pointer_size)) return;
  add_passed(index, address, "code that has it in a table on the stack", ParameterUse::unknown, guard);
}

/// A table of addresses that is made on the stack: whoever gets where it begins may write through each of them.
void Stores::look_for_table(std::size_t index, const State& state, const Instruction& instruction) {
  const Evaluator& evaluator = code_.evaluator();
  // Most instructions are none of these, and say so at once.
  const bool forms = instruction.op == Op::address || (instruction.op == Op::add && instruction.has_immediate);
  const bool fills = instruction.op == Op::store && instruction.width >= 8;
  if (!forms && !fills) return;
  const Register from_register = instruction.op == Op::add ? instruction.src : instruction.memory.base;
  if (from_register == no_register) return;
  const Value from = evaluator.register_value(state, from_register);
  if (from.kind != Value::Kind::stack) return;
  const auto ours = [&](const Value& value) { return is_own_address(value); };
  // Places are counted without a sign: hostile code lets them wrap.
  const auto held_at = [&](std::uint64_t place) {
    const auto offset = static_cast<std::int64_t>(place);
    const auto slot = std::ranges::lower_bound(state.stack, offset, {}, &StackSlot::offset);
    const bool whole = slot != state.stack.end() && slot->offset == offset && slot->width == 8;
    return whole ? slot->value : Value{};
  };
  const auto tell = [&](const Value& value) { tell_of_table(index, value.bits, code_.held_lock(state)); };
  std::optional<std::uint64_t> begin;
  if (instruction.op == Op::address) {
    const Place place = evaluator.place(state, instruction.memory);
    if (place.kind == Place::Kind::stack && !place.indexed) begin = place.at;
  } else if (instruction.op == Op::add) {
    const bool frame = evaluator.convention().is_frame(instruction.dst);
    if (!frame) begin = from.bits + static_cast<std::uint64_t>(instruction.immediate);
  }
  if (begin) {
    for (std::uint64_t at = *begin; ours(held_at(at)) && may_tell_of_table(); at += 8) tell(held_at(at));
    return;
  }
  // One beside the other, after the address was taken or at once.
  if (forms) return;
  const Place place = evaluator.place(state, instruction.memory);
  if (place.kind != Place::Kind::stack || place.indexed) return;
  const unsigned count = instruction.parts();
  for (unsigned i = 0; i < count; ++i) {
    const std::uint64_t here = place.at + std::uint64_t{8} * i;
    const Value value = evaluator.stored(state, instruction, i);
    // Two in one instruction are no pointers that registers had no room for.
    const bool apart = count == 1 && static_cast<std::int64_t>(here) < state.escaped;
    if (apart || !ours(value) || !may_tell_of_table()) continue;
    const Value before = i > 0 ? evaluator.stored(state, instruction, i - 1) : held_at(here - 8);
    const Value after = i + 1 < count ? evaluator.stored(state, instruction, i + 1) : held_at(here + 8);
    for (const Value& beside : {before, after}) {
      if (ours(beside)) tell(value), tell(beside);
    }
  }
}

/// The same where all that is known is what was put where. A word that was used again may be told of too often.
void Stores::look_at_kept(std::size_t index) {
  std::vector<AddressWalk::Kept> kept = filter_.walk().kept();
  std::erase_if(kept, [&](const AddressWalk::Kept& word) { return !is_own_address(word.value); });
  if (kept.empty()) return;
  const auto row = [](const AddressWalk::Kept& word) { return std::pair(word.place, word.value); };
  std::ranges::stable_sort(kept, {}, row);
  std::vector<bool> told(kept.size(), false);
  const auto words_at = [&](std::int64_t place) {
    return std::ranges::equal_range(kept, place, {}, &AddressWalk::Kept::place);
  };
  const auto number_of = [&](const AddressWalk::Kept& word) { return static_cast<std::size_t>(&word - kept.data()); };
  const auto is_told = [&](const AddressWalk::Kept& word) { return told[number_of(word)]; };
  const auto tell = [&](const AddressWalk::Kept& word, std::uint32_t number) {
    if (is_told(word) || !may_tell_of_table()) return;
    told[number_of(word)] = true;
    instruction_ = function_->instructions[number].address;
    tell_of_table(index, word.value.bits, {});
  };
  const auto& addresses = filter_.walk().addresses_of_stack();
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  for (const auto& [number, begin] : addresses) {
    lowest = std::min(lowest, begin);
    // What lies beside a word that was told is told as well.
    for (std::int64_t place = begin; !words_at(place).empty() && !is_told(words_at(place).front()); place += 8) {
      for (const AddressWalk::Kept& word : words_at(place)) tell(word, number);
      if (is_cut_) return;
    }
  }
  for (const AddressWalk::Kept& word : kept) {
    // What lies below all that others may know of are pointers that registers had no room for.
    if (!word.with_others && word.place < lowest) continue;
    for (const std::int64_t place : {word.place - 8, word.place + 8}) {
      for (const AddressWalk::Kept& beside : words_at(place))
        tell(beside, word.instruction), tell(word, word.instruction);
    }
  }
}

}  // namespace isoaudit::analyzer
