#include "analyzer/code/lock_flow.h"

#include "analyzer/tables/locks.h"

namespace isoaudit::analyzer {
namespace {

void take(State& state, std::uint32_t name) {
  if (state.lock == 0 || state.lock == without_threads) {
    state.lock = name;
    state.lock_depth = 1;
  } else if (state.lock_depth < 255) {
    ++state.lock_depth;
  }
}

/// Every interpreter meets it: a lock that lies in the image or in another module, or a pointer that such memory holds.
/// A lock of an object, of a module's state or of the thread keeps the other interpreters from nothing that is static.
bool is_shared_lock(const Value& lock) {
  return lock.kind == Value::Kind::address || lock.kind == Value::Kind::held || lock.kind == Value::Kind::import ||
         lock.kind == Value::Kind::content;
}

}  // namespace

LockFlow::Effect LockFlow::effect_of(std::uint32_t name) {
  if (name >= effects_.size()) effects_.resize(name + 64);
  Effect& effect = effects_[name];
  if (effect == Effect::not_asked) {
    const std::string& text = names_.text(name);
    effect = releases_any(text) ? Effect::releases : Effect::none;
    if (const Lock* lock = lock_taken_by(text)) {
      effect = lock->result == LockResult::always      ? Effect::takes
               : lock->result == LockResult::when_true ? Effect::takes_when_true
                                                       : Effect::takes_when_zero;
    }
  }
  return effect;
}

void LockFlow::release(State& state) const {
  if (!holds(state)) return;
  if (--state.lock_depth == 0) state.lock = 0;
}

/// Include/cpython/lock.h: a PyMutex is one byte, whose lowest bit says that it is locked.
void LockFlow::note_mutex(std::uint32_t name, const Value& argument) {
  if (argument.kind != Value::Kind::address) return;
  const std::string& text = names_.text(name);
  if (text.starts_with("PyMutex_Lock") || text.starts_with("_PyMutex_Lock")) mutexes_.emplace(argument.bits, name);
}

bool LockFlow::tries_other_lock(std::uint32_t name, const Value& lock) {
  if (name == 0 || is_shared_lock(lock)) return false;
  const Effect effect = effect_of(name);
  return effect == Effect::takes_when_true || effect == Effect::takes_when_zero;
}

void LockFlow::after_call(State& state, std::uint32_t name, const std::array<Value, 2>& arguments) {
  if (name == 0) return;
  const Effect effect = effect_of(name);
  if (effect == Effect::none) return;
  const Lock* taken = effect == Effect::releases ? nullptr : lock_taken_by(names_.text(name));
  if (taken != nullptr && !is_shared_lock(arguments[taken->argument])) return;
  switch (effect) {
    case Effect::takes: note_mutex(name, arguments[0]); return take(state, name);
    case Effect::takes_when_true:
      // WAIT_LOCK (Include/pythread.h): it returns when it has it.
      if (names_.text(name) == "PyThread_acquire_lock" && arguments[1].is_number() && arguments[1].bits != 0)
        take(state, name);
      return;
    case Effect::releases:
      if (state.lock == taken_byte || (state.lock != 0 && state.lock != without_threads &&
                                       isoaudit::analyzer::releases(names_.text(name), names_.text(state.lock)))) {
        release(state);
      }
      return;
    default: return;
  }
}

void LockFlow::take_byte(State& state, std::uint64_t at) const {
  if (at == 0) return;
  const auto mutex = mutexes_.find(at);
  take(state, mutex == mutexes_.end() ? taken_byte : mutex->second);
}

void LockFlow::give_byte_back(State& state) const {
  if (state.lock == taken_byte || held(state).starts_with("PyMutex_")) release(state);
}

void LockFlow::along_branch(State& state, const Instruction& branch, bool taken) {
  Flags flags = state.flags;
  if (branch.op == Op::branch_zero) {
    if (branch.has_immediate || branch.src >= first_vector) return;
    flags = {Flags::Kind::compare, 8, state.general[branch.src], number_value(0)};
  } else if (branch.op != Op::branch) {
    return;
  }
  if ((branch.condition & ~1u) != 4 || flags.kind == Flags::Kind::unknown) return;
  const bool equal = (branch.condition == 4) == taken;
  if (flags.kind == Flags::Kind::exchange) {
    if (!equal || flags.width != 1) return;
    if (flags.left == number_value(0) && flags.right == number_value(1)) take_byte(state, flags.at);
    if (flags.left == number_value(1) && flags.right == number_value(0)) give_byte_back(state);
    return;
  }
  if (flags.left.kind == Value::Kind::exclusive) {
    const std::uint64_t done = expected_answer(flags.left);
    const bool was_done =
        flags.kind == Flags::Kind::test ? done == 0 && flags.left == flags.right : flags.right == number_value(done);
    if (!was_done || !equal) return;
    if (stores_one(flags.left)) {
      take_byte(state, flags.left.bits);
    } else {
      give_byte_back(state);
    }
    return;
  }
  const bool zero = flags.kind == Flags::Kind::test ? flags.left == flags.right : flags.right == number_value(0);
  const bool one = flags.kind == Flags::Kind::compare && flags.right == number_value(1);
  if (flags.left.kind == Value::Kind::import && zero && equal) {
    if (state.lock == 0) state.lock = without_threads;
    return;
  }
  if (flags.left.kind != Value::Kind::result || flags.left.name == 0) return;
  const Effect effect = effect_of(flags.left.name);
  // It waited for it: known since the call.
  if (state.lock == flags.left.name) return;
  const bool has_it = (effect == Effect::takes_when_true && ((zero && !equal) || (one && equal))) ||
                      (effect == Effect::takes_when_zero && zero && equal);
  if (has_it) take(state, flags.left.name);
}

}  // namespace isoaudit::analyzer
