// Stores through pointers that the image's own memory holds: where those lead is known when all functions were read.
#include <algorithm>
#include <set>

#include "analyzer/code/stores.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t pointer_size = 8;

bool goes_to_block(const Instruction& store) { return store.op == Op::fill || store.op == Op::move_block; }

/// What a store goes through.
Value pointer_of(const Evaluator& evaluator, const State& state, const Instruction& store) {
  return evaluator.register_value(state, goes_to_block(store) ? Register{7} : store.memory.base);
}

}  // namespace

void Stores::note_held_pointers(const Place& place, std::uint64_t size, std::span<const Value> parts) {
  if (place.indexed || parts.empty() || size != parts.size() * pointer_size) return;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::uint64_t word = place.at + i * pointer_size;
    const Value& value = parts[i];
    // What it points to from the beginning is followed where it is loaded.
    const bool known = code_.image().pointer_at(word).value == value.bits;
    if (value.kind == Value::Kind::address && code_.writable(value.bits) && !known) held_.put(word, value.bits);
  }
}

/// A function that is gone through: what it does with pointers, in case that others put one where it found them.
void Stores::note_use_of_held(std::size_t index, const State& state, const Instruction& instruction) {
  const Evaluator& evaluator = code_.evaluator();
  if (instruction.op != Op::call && instruction.op != Op::jump) {
    if (!instruction.writes_memory) return;
    const Value pointer = pointer_of(evaluator, state, instruction);
    if (was_held(pointer)) note_store_to_held(index, state, instruction, pointer);
    return;
  }
  const auto& arguments = evaluator.convention().arguments;
  const auto is_held = [&](Register argument) { return was_held(evaluator.register_value(state, argument)); };
  if (std::ranges::none_of(arguments, is_held) || stays_inside(*function_, instruction)) return;
  const Value callee = code_.callee_of(state, instruction);
  instruction_ = instruction.address;
  for (unsigned i = 0; i < arguments.size(); ++i) {
    if (is_held(arguments[i])) {
      note_pass_of_held(index, state, callee, i, evaluator.register_value(state, arguments[i]).bits);
    }
  }
}

/// Where all pointers are known, what was noted is told and there is room again; before that, function number `index`
/// is gone through once more.
bool Stores::has_room_for_held_use(std::size_t index, std::uint64_t word) {
  if (!held_uses_.is_full()) return true;
  if (all_held_known_) {
    tell_of_held_uses();
  } else {
    uses_of_held_.add(word, static_cast<std::uint32_t>(index));
  }
  return all_held_known_;
}

void Stores::note_store_to_held(std::size_t index, const State& state, const Instruction& instruction,
                                const Value& pointer) {
  if (!has_room_for_held_use(index, pointer.bits)) return;
  const bool is_indexed =
      goes_to_block(instruction) || instruction.memory.index != no_register || pointer.kind == Value::Kind::changed;
  collect_parts(state, instruction);
  held_uses_.stores.push_back({{index, pointer.bits, code_.held_lock(state)}, instruction, is_indexed, parts_});
}

/// Most of what code fetches from memory and hands on is read, or is another object than that which is known: only who
/// is seen to write is told. Of a function of the file its own code tells, later.
void Stores::note_pass_of_held(std::size_t index, const State& state, const Value& callee, unsigned argument,
                               std::uint64_t word) {
  if (!may_write_held(callee, argument)) return;
  if (!has_room_for_held_use(index, word)) return;
  const bool is_import = callee.kind == Value::Kind::import;
  const ParameterUse use = is_import ? code_.import_use_at(state, callee.name, argument) : ParameterUse::unknown;
  if (use == ParameterUse::not_written) return;
  held_uses_.passes.push_back({{index, word, code_.held_lock(state)}, instruction_, callee, argument, use});
}

void Stores::tell_of_held_uses() {
  const std::uint64_t looked_at = instruction_;
  for (const HeldStore& store : held_uses_.stores) tell_of_store_to_held(store);
  for (const HeldPass& pass : held_uses_.passes) tell_of_pass_of_held(pass);
  held_uses_ = {};
  instruction_ = looked_at;
}

void Stores::tell_of_store_to_held(const HeldStore& store) {
  instruction_ = store.instruction.address;
  const std::uint64_t distance =
      store.is_indexed ? 0 : static_cast<std::uint64_t>(store.instruction.memory.displacement);
  for (const std::uint64_t target : held_.targets(store.word)) {
    const std::uint64_t at = target + distance;
    if (!may_tell_of_table()) return;
    // The pointer may as well lead to something larger that lies elsewhere.
    if (!code_.writable(at) || covering(at) != covering(target)) continue;
    add_store(store.function, store.guard, store.instruction, {Place::Kind::image, at, store.is_indexed, 0, at},
              store.parts);
  }
}

/// To all that the word may lead to.
void Stores::tell_of_pass_of_held(const HeldPass& pass) {
  instruction_ = pass.instruction;
  for (const std::uint64_t target : held_.targets(pass.word)) {
    if (!may_tell_of_table()) return;
    if (pass.callee.kind == Value::Kind::import) {
      add_passed(pass.function, target, code_.text(pass.callee.name), pass.use, pass.guard);
    } else {
      pass_to_own(pass.function, pass.callee.bits, pass.argument, target, pass.guard);
      pending_.back().has_to_write = true;
    }
  }
}

/// Functions of which more has to be known, and those that have too many such uses, are gone through now that all
/// pointers are known.
void Stores::follow_held_pointers() {
  std::set<std::uint32_t> users, by_address;
  for (const auto& [word, targets] : held_.words()) {
    for (const std::uint32_t function : uses_of_held_.functions_at(word)) users.insert(function);
    for (const std::uint32_t function : other_reads_.functions_at(word)) by_address.insert(function);
    // Who was not gone through may do anything with what he loads.
    for (const std::uint32_t function : reads_.readers_of(word)) {
      if (!gone_through_[function]) users.insert(function);
    }
  }
  users.insert(by_address.begin(), by_address.end());
  uses_of_held_ = {};
  other_reads_ = {};
  all_held_known_ = true;
  tell_of_held_uses();
  for (const std::uint32_t index : users) {
    code_.decode_from(code_.functions()[index].begin, index, again_);
    function_ = &again_;
    if (gone_through_[index] || !only_hands_on_held(index, by_address.contains(index))) {
      code_.flow(again_, [&](const State& state, const Instruction& instruction) {
        note_use_of_held(index, state, instruction);
      });
    }
    tell_of_held_uses();
  }
  again_ = {};
}

/// Most fetch a table of methods and call through it, or hand on an object. False where more has to be known.
bool Stores::only_hands_on_held(std::size_t index, bool by_address) {
  const auto is_held = [&](std::uint64_t word) { return !held_.targets(word).empty(); };
  if (!filter_.only_follows(*function_, is_held, by_address)) return false;
  const auto call_of = [&](const AddressWalk::Pass& pass) -> const Instruction& {
    return function_->instructions[pass.instruction];
  };
  std::vector<AddressWalk::Pass> passes = filter_.walk().passes();
  std::erase_if(passes, [&](const AddressWalk::Pass& pass) {
    return pass.value.kind != Value::Kind::held || !may_write_held(code_.callee_of(call_of(pass)), pass.argument);
  });
  if (passes.empty()) return true;
  const auto takes_lock = [&](std::uint32_t number) {
    const Instruction& call = function_->instructions[number];
    return call.op == Op::call && code_.takes_lock(call);
  };
  if (function_->may_lock_byte || std::ranges::any_of(function_->outward, takes_lock)) return false;
  const auto hangs_on_others = [&](const AddressWalk::Pass& pass) {
    return code_.hangs_on_others(call_of(pass), pass.argument);
  };
  if (std::ranges::any_of(passes, hangs_on_others)) return false;
  const State nothing;
  for (const AddressWalk::Pass& pass : passes) {
    instruction_ = call_of(pass).address;
    note_pass_of_held(index, nothing, code_.callee_of(call_of(pass)), pass.argument, pass.value.bits);
  }
  return true;
}

bool Stores::may_write_held(const Value& callee, unsigned argument) {
  if (code_.stands_for_instruction(callee)) return false;
  if (callee.kind == Value::Kind::import) return code_.import_use(callee.name, argument) == ParameterUse::written;
  return callee.kind == Value::Kind::address;
}

}  // namespace isoaudit::analyzer
