// What becomes of addresses that are put into words of the stack.

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>

#include "analyzer/code/address_walk.h"

namespace isoaudit::analyzer {
namespace {

/// How often what is stored through was copied since it was made.
constexpr std::size_t most_copies = 4;

std::uint64_t general_bit(Register number) { return number < first_vector ? register_bit(number) : 0; }

}  // namespace

std::uint64_t AddressWalk::words_touched(const Point& point, std::uint64_t among) const {
  const auto access = positions_.access_of(point.instruction, function_->instructions[point.instruction]);
  return access ? words().in(access->place, access->bytes, among) : 0;
}

bool AddressWalk::sees_stack() {
  if (!sees_stack_) {
    sees_stack_ = positions_.find(*function_, evaluator_.convention());
    if (!*sees_stack_) return false;
    find_accesses();
    if (ways_in_found_) stretches_.find_words_by(positions_);
  }
  return *sees_stack_;
}

/// What the function itself takes from there, and where calls would find arguments.
void AddressWalk::find_accesses() {
  accesses_.clear();
  addresses_of_stack_.clear();
  taken_.clear();
  lowest_taken_ = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < function_->instructions.size(); ++i) {
    const Instruction& instruction = function_->instructions[i];
    const bool leads = instruction.op == Op::call || instruction.op == Op::jump;
    if ((!leads && !instruction.names_frame) || !positions_.is_reached(i)) continue;
    if (const auto address = address_of_stack(i)) {
      addresses_of_stack_.emplace_back(static_cast<std::uint32_t>(i), *address);
      // The bottom of the frame is where arguments are put too.
      const bool is_bottom = instruction.op != Op::address && instruction.immediate == 0;
      if (!is_bottom) lowest_taken_ = std::min(lowest_taken_, *address);
    }
    if (leads && !stays_inside(*function_, instruction)) {
      taken_.push_back({first_argument(instruction, i), std::nullopt});
    }
    const auto access = positions_.access_of(i, instruction);
    if (!access) continue;
    const bool writes = overwrites(instruction);
    const std::int64_t last = access->place + access->bytes - 1;
    for (std::int64_t word = access->place >> 3; word <= last >> 3; ++word) {
      accesses_.emplace_back(word * 8, static_cast<std::uint32_t>(i), writes);
    }
  }
  std::ranges::sort(accesses_);
  std::ranges::sort(taken_, {}, &Taken::first);
  const auto same = std::ranges::unique(taken_, {}, &Taken::first);
  taken_.erase(same.begin(), same.end());
}

/// Where a callee finds the first argument for which no register is left. What is never reached passes none.
std::int64_t AddressWalk::first_argument(const Instruction& call, std::size_t number) const {
  const CallingConvention& convention = evaluator_.convention();
  constexpr std::int64_t nowhere = std::numeric_limits<std::int32_t>::max();
  const std::int64_t below = call.op == Op::call ? convention.return_address : 0;
  return positions_.held_in(convention.stack_pointer, number).value_or(nowhere) + convention.first_on_stack - below;
}

/// Which argument on the stack lies there, as a bit; 0 where none does.
unsigned AddressWalk::argument_bit(std::int64_t place, std::int64_t first) const {
  const std::int64_t number = static_cast<std::int64_t>(evaluator_.convention().arguments.size()) + (place - first) / 8;
  return place >= first && (place - first) % 8 == 0 && number < most_arguments ? 1u << number : 0;
}

/// What compilers pass lies below all variables, and of one of those the function takes the address.
bool AddressWalk::may_be_argument(std::int64_t place) const { return place < lowest_taken_; }

/// Some function that is called may take what lies there for an argument.
bool AddressWalk::is_taken(std::int64_t place) {
  if (!may_be_argument(place)) return false;
  constexpr std::int64_t farthest = std::int64_t{8} * most_arguments;
  for (auto taken = std::ranges::lower_bound(taken_, place - farthest, {}, &Taken::first);
       taken != taken_.end() && taken->first <= place; ++taken) {
    const unsigned argument = argument_bit(place, taken->first);
    if (argument == 0) continue;
    if (!taken->arguments) taken->arguments = arguments_taken(taken->first);
    if ((taken->arguments.value_or(0) & argument) != 0) return true;
  }
  return false;
}

/// By the functions that look for the first there.
unsigned AddressWalk::arguments_taken(std::int64_t first) {
  unsigned arguments = 0;
  take_steps(function_->outward.size());
  for (const std::uint32_t number : function_->outward) {
    const Instruction& call = function_->instructions[number];
    const bool calls = call.op == Op::call || (call.op == Op::jump && !stays_inside(*function_, call));
    if (calls && first_argument(call, number) == first) arguments |= module_.taken_from_stack(call);
  }
  return arguments;
}

/// Goes on wherever the function takes it from there, if it does. False where it is not followed.
bool AddressWalk::put_in_word(std::size_t store, std::int64_t place, Holders& holders) {
  const std::uint64_t first = StackAccess::rank_of(place), next = StackAccess::rank_of(place + 8);
  const std::ranges::subrange touching(std::ranges::lower_bound(accesses_, first, {}, &StackAccess::rank),
                                       std::ranges::lower_bound(accesses_, next, {}, &StackAccess::rank));
  take_steps(touching.size());
  const auto reads = [](const StackAccess& access) { return !access.writes(); };
  const bool taken = is_taken(place);
  if (!taken && std::ranges::none_of(touching, reads)) return true;
  const auto by_others = [&](const StackAccess& access) { return access.writes() && access.instruction() != store; };
  const bool stays = place % 8 == 0 && !taken && std::ranges::none_of(touching, by_others);
  if (stays) {
    return std::ranges::all_of(touching, [&](const StackAccess& access) {
      Holders takes;
      if (access.writes() || !take_word(access.instruction(), place, takes)) return access.writes();
      if (!takes.none() && function_->code_follows(access.instruction())) lead_to(access.instruction() + 1u, takes);
      return true;
    });
  }
  if (!words_.add(place)) return false;
  holders.words |= words_.at(place);
  return true;
}

/// What the instruction takes of the word there; false where it goes where it is not followed.
bool AddressWalk::take_word(std::size_t number, std::int64_t place, Holders& holders) const {
  const Instruction& instruction = function_->instructions[number];
  const auto access = positions_.access_of(number, instruction);
  if (!access) return true;
  const unsigned words = words_loaded(instruction);
  switch (instruction.op) {
    case Op::pop:
      if (access->place == place) holders.add_lower(instruction.dst);
      return true;
    case Op::load:
    case Op::load_high:
      for (unsigned i = 0; i < words; ++i) {
        if (access->place + std::int64_t{8} * i == place) holders.add(holder_of_loaded(instruction, i));
      }
      return words != 0 || value_.kind == Value::Kind::address;
    case Op::push: return !instruction.has_memory;
    case Op::store:
    case Op::store_high:
    case Op::compare:
    case Op::test: return true;
    case Op::compute: return value_.kind != Value::Kind::held;
    default: return false;
  }
}

/// By the stack or frame pointer, or by what was made of one right before.
std::optional<std::int64_t> AddressWalk::place_stored_to(const Instruction& store, std::size_t number) {
  if (!sees_stack()) return std::nullopt;
  const MemoryOperand& memory = store.memory;
  const auto place = positions_.place_of(memory, number);
  if (place || memory.segment || memory.index != no_register || memory.base == no_register) return place;
  const std::size_t made = made_from(number, memory.base);
  const auto base = made == number ? std::nullopt : address_of_stack(made);
  return base ? std::optional(*base + memory.displacement) : std::nullopt;
}

/// False where it is not seen which words of the stack the instruction writes.
bool AddressWalk::put_on_stack(const Instruction& store, const Point& point) {
  const std::optional<std::int64_t> first = place_stored_to(store, point.instruction);
  if (!first) return false;
  const unsigned words = words_stored(store);
  // What is left of an address is none.
  if (words == 0) return value_.kind == Value::Kind::address;
  for (unsigned i = 0; i < words; ++i) {
    if (!is_stored_from(point.holders, store, i)) continue;
    const std::int64_t place = *first + std::int64_t{8} * i;
    const Kept word{static_cast<std::uint32_t>(point.instruction), words > 1, place, value_};
    if (known_kept_.insert(word).second) kept_.push_back(word);
  }
  return true;
}

/// False where a word goes where it is not followed.
bool AddressWalk::take_from_stack(const Point& point, Holders& holders) const {
  for (std::uint64_t left = point.holders.words; left != 0; left &= left - 1) {
    const std::int64_t place = words_.place_of(left);
    if (words_touched(point, left & -left) != 0 && !take_word(point.instruction, place, holders)) return false;
  }
  return true;
}

/// False where a word is what is called.
bool AddressWalk::pass_on_stack(const Instruction& call, const Point& point) {
  const auto callee = call.has_memory ? positions_.place_of(call.memory, point.instruction) : std::nullopt;
  if (callee && words_.in(*callee, 8, point.holders.words) != 0) return false;
  const std::int64_t first = first_argument(call, point.instruction);
  for (std::uint64_t left = point.holders.words; left != 0; left &= left - 1) {
    const std::int64_t word = words_.place_of(left);
    const unsigned argument = may_be_argument(word) ? argument_bit(word, first) : 0;
    if (argument == 0 || (module_.taken_from_stack(call) & argument) == 0) continue;
    passes_.push_back({static_cast<std::uint32_t>(point.instruction),
                       static_cast<std::uint32_t>(std::countr_zero(argument)), value_});
  }
  return true;
}

/// It makes a place on the stack of the stack or frame pointer, and neither of those.
bool AddressWalk::makes_place(const Instruction& instruction) const {
  const CallingConvention& convention = evaluator_.convention();
  const bool leaves_frame = convention.is_frame(instruction.src) && !convention.is_frame(instruction.dst);
  switch (instruction.op) {
    case Op::address: return convention.is_frame(instruction.memory.base);
    case Op::add: return leaves_frame && instruction.has_immediate;
    case Op::copy: return leaves_frame && !instruction.has_immediate;
    default: return false;
  }
}

/// Which place that is.
std::optional<std::int64_t> AddressWalk::address_of_stack(std::size_t number) const {
  const Instruction& instruction = function_->instructions[number];
  if (!makes_place(instruction)) return std::nullopt;
  if (instruction.op == Op::address) return positions_.place_of(instruction.memory, number);
  const std::optional<std::int64_t> place = positions_.held_in(instruction.src, number);
  return place ? std::optional(*place + instruction.immediate) : std::nullopt;
}

bool AddressWalk::may_store_on_stack(const Instruction& store, std::size_t number) {
  const MemoryOperand& memory = store.memory;
  const CallingConvention& convention = evaluator_.convention();
  if (memory.segment || memory.base == convention.stack_pointer) return true;
  const std::size_t made = made_from(number, memory.base);
  if (made != number && makes_place(function_->instructions[made])) return true;
  // What others return is theirs.
  if (made != number && function_->instructions[made].op == Op::call && memory.index == no_register) return false;
  if (stack_pointers_ == 0) stack_pointers_ = find_stack_pointers();
  return ((general_bit(memory.base) | general_bit(memory.index)) & stack_pointers_) != 0;
}

/// Like made_before, but of what was copied: what made that.
std::size_t AddressWalk::made_from(std::size_t number, Register made) {
  for (std::size_t at = number, copies = 0; copies < most_copies; ++copies) {
    const std::size_t maker = made_before(at, made);
    if (maker == at) return number;
    const Instruction& instruction = function_->instructions[maker];
    if (instruction.op != Op::copy || instruction.src >= first_vector || makes_place(instruction)) return maker;
    made = instruction.src;
    at = maker;
  }
  return number;
}

/// Whatever is made of one may be one.
std::uint64_t AddressWalk::find_stack_pointers() const {
  const CallingConvention& convention = evaluator_.convention();
  const std::uint64_t frame = general_bit(convention.stack_pointer) | general_bit(convention.frame_pointer);
  // What is made of each register's value, and what is loaded through it; from which registers something is saved.
  std::array<std::uint64_t, first_vector> made{}, loaded{};
  std::uint64_t popped = 0, saved = 0;
  const auto note = [](std::array<std::uint64_t, first_vector>& into, Register from, std::uint64_t results) {
    if (from < first_vector) into[from] |= results;
  };
  for (const Instruction& instruction : function_->instructions) {
    if (instruction.op == Op::push || instruction.writes_memory) {
      saved |= general_bit(instruction.src) | general_bit(instruction.src2);
      continue;
    }
    const std::uint64_t results =
        general_bit(instruction.dst) | (instruction.loads_second() ? general_bit(instruction.src2) : 0);
    if (results == 0) continue;
    const bool loads = instruction.op == Op::pop || (instruction.has_memory && instruction.op != Op::address);
    if (instruction.op == Op::pop) popped |= results;
    note(made, instruction.src, results);
    note(made, instruction.src2, results);
    note(loads ? loaded : made, instruction.memory.base, results);
    note(loads ? loaded : made, instruction.memory.index, results);
  }
  std::uint64_t found = frame;
  for (std::uint64_t before = 0; before != found;) {
    before = found;
    // The frame pointer itself is saved where a function begins.
    const bool kept = (saved & found & ~frame) != 0;
    if (kept) found |= popped;
    for (std::uint64_t left = before; left != 0; left &= left - 1) {
      const auto from = static_cast<std::size_t>(std::countr_zero(left));
      found |= made[from] | (kept ? loaded[from] : 0);
    }
  }
  return found;
}

}  // namespace isoaudit::analyzer
