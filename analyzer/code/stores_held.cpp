// Stores through pointers that the image's own memory holds: where those lead is known when all functions were read.
#include <set>

#include "analyzer/code/stores.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t pointer_size = 8;

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

/// Functions that load a pointer which others put there are gone through once more, now that all are known.
void Stores::follow_held_pointers() {
  std::set<std::uint32_t> readers;
  for (const auto& [word, targets] : held_.words()) {
    for (const std::uint32_t function : reads_.readers_of(word)) readers.insert(function);
  }
  for (const std::uint32_t index : readers) {
    code_.decode_from(code_.functions()[index].begin, index, again_);
    function_ = &again_;
    code_.flow(again_, [&](const State& state, const Instruction& instruction) {
      look_through_held(index, state, instruction);
    });
  }
  again_ = {};
}

void Stores::look_through_held(std::size_t index, const State& state, const Instruction& instruction) {
  const Evaluator& evaluator = code_.evaluator();
  // As loaded, or some way into what it points to.
  const auto targets = [&](const Value& value) -> const std::set<std::uint64_t>& {
    const bool leads_there = value.kind == Value::Kind::held || value.kind == Value::Kind::changed;
    return held_.targets(leads_there ? value.bits : 0);
  };
  instruction_ = instruction.address;
  if (instruction.op == Op::call || instruction.op == Op::jump) {
    if (stays_inside(*function_, instruction)) return;
    const Value callee = code_.callee_of(state, instruction);
    if (instruction.op == Op::jump && !callee.known()) return;
    const auto& arguments = evaluator.convention().arguments;
    for (unsigned i = 0; i < arguments.size(); ++i) {
      for (const std::uint64_t target : targets(evaluator.register_value(state, arguments[i]))) {
        if (!may_tell_of_table()) return;
        pass_held(index, state, callee, i, target);
      }
    }
    return;
  }
  if (!instruction.writes_memory) return;
  const bool block = instruction.op == Op::fill || instruction.op == Op::move_block;
  const Value pointer = evaluator.register_value(state, block ? Register{7} : instruction.memory.base);
  const bool indexed = block || instruction.memory.index != no_register || pointer.kind == Value::Kind::changed;
  const std::uint64_t distance = indexed ? 0 : static_cast<std::uint64_t>(instruction.memory.displacement);
  const std::set<std::uint64_t>& all = targets(pointer);
  if (all.empty()) return;
  collect_parts(state, instruction);
  for (const std::uint64_t target : all) {
    const std::uint64_t at = target + distance;
    if (!may_tell_of_table()) return;
    // The pointer may as well lead to something larger that lies elsewhere.
    if (!code_.writable(at) || covering(at) != covering(target)) continue;
    add_store(index, state, instruction, {Place::Kind::image, at, indexed, 0, at}, parts_);
  }
}

/// Most of what code fetches from memory and hands on is read, or is another object than that which is known: only who
/// is seen to write is told.
void Stores::pass_held(std::size_t index, const State& state, const Value& callee, unsigned argument,
                       std::uint64_t address) {
  const bool writes = callee.kind == Value::Kind::import
                          ? code_.import_use(callee.name, argument) == ParameterUse::written
                          : callee.kind == Value::Kind::address;
  if (!writes || code_.stands_for_instruction(callee)) return;
  const std::size_t before = pending_.size();
  pass(index, state, callee, argument, address);
  if (pending_.size() != before) pending_.back().has_to_write = true;
}

}  // namespace isoaudit::analyzer
