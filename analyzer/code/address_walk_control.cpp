// Where control goes with an address that is followed, and who is called with it.

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <utility>

#include "analyzer/code/address_walk.h"
#include "analyzer/code/jump_tables.h"

namespace isoaudit::analyzer {
namespace {

/// Steps for each instruction of a function: what takes more is not cheaper than to know all.
constexpr std::size_t steps_for_each_instruction = 8;

/// Steps that are taken one by one, until it is worth while to know which can be taken together.
constexpr std::size_t patience = 100;

/// How far back the making of what a register holds is looked for.
constexpr std::size_t longest_way_back = 256;

}  // namespace

std::size_t AddressWalk::all_steps() const { return function_->instructions.size() * steps_for_each_instruction; }

/// With targets known.
Stretches& AddressWalk::ways_in() {
  if (ways_in_found_) return stretches_;
  stretches_.begin(*function_, evaluator_.convention());
  if (sees_stack_.value_or(false)) stretches_.find_words_by(positions_);
  ways_in_found_ = true;
  return stretches_;
}

/// As long as few steps were taken, they are not.
bool AddressWalk::begins_to_take_together() {
  if (steps_left_ + patience > all_steps()) return false;
  ways_in();
  return takes_together_ = true;
}

bool AddressWalk::passes_words_by(const Stretch& stretch, const Holders& holders) const {
  // What is overwritten in it by the stack pointer does not have to be known.
  if (is_place_on_stack()) return !watches_rows_ || !stretch.is_marked;
  for (std::uint64_t left = holders.words; left != 0; left &= left - 1) {
    if ((words_.on_stack(left) & stretch.words) != 0) return false;
    if (stretch.calls && may_be_argument(words_.place_of(left))) return false;
  }
  return true;
}

/// What is called may throw, and then the value is where its exception is caught.
void AddressWalk::enter_landing_pads(Holders holders) {
  holders.remove(thrown_);
  if (holders.none()) return;
  thrown_.add(holders);
  const std::vector<std::uint32_t>& pads = ways_in().landing_pads();
  take_steps(pads.size());
  for (const std::uint32_t pad : pads) open_.push_back({pad, holders});
}

/// It jumps through a table of the function, or may.
bool AddressWalk::leads_inside(std::size_t number) const {
  if (function_->jumps_unknown || function_->table_ways.empty()) return !function_->labels.empty();
  return std::ranges::binary_search(function_->table_ways, number, {}, &std::pair<std::uint32_t, std::uint64_t>::first);
}

bool AddressWalk::enter_labels(const Instruction& jump, const Point& point) {
  if (function_->jumps_unknown || (registers_read(jump) & point.holders.registers) != 0) return false;
  const auto enter = [&](std::uint64_t label) {
    take_steps(1);
    return branches_to(label, point.holders);
  };
  if (function_->table_ways.empty()) return std::ranges::all_of(function_->labels, enter);
  const auto ways = std::ranges::equal_range(function_->table_ways, point.instruction, {},
                                             &std::pair<std::uint32_t, std::uint64_t>::first);
  return std::ranges::all_of(ways, [&](const auto& way) { return enter(way.second); });
}

/// Before the instruction, the one that makes what the register then holds, when nothing leads in between; else the
/// number of the instruction itself.
std::size_t AddressWalk::made_before(std::size_t number, Register made) {
  for (std::size_t i = number, steps = 0; i > 0 && steps < longest_way_back; --i, ++steps) {
    const Instruction& before = function_->instructions[i - 1];
    if (ways_in().is_target(i) || before.ends_block() || !function_->code_follows(i - 1)) break;
    const CallingConvention& convention = evaluator_.convention();
    const std::uint64_t lost =
        before.op == Op::call ? convention.clobbered | register_bit(convention.result) : registers_replaced(before);
    if ((lost & register_bit(made)) != 0) return i - 1;
  }
  return number;
}

/// The store of such a number puts there what was made of what was there.
bool AddressWalk::changes_own_word(std::size_t number) {
  const Instruction& store = function_->instructions[number];
  if (store.src >= first_vector || store.pair) return false;
  const std::size_t made = made_before(number, store.src);
  const Instruction& maker = function_->instructions[made];
  if (made == number || (maker.op != Op::add && maker.op != Op::address && maker.op != Op::compute)) return false;
  const auto replaces_base = [&](const Instruction& instruction) {
    return instruction.op == Op::call || instruction.replaces(store.memory.base) ||
           instruction.replaces(store.memory.index);
  };
  const auto is_own_from = [&](std::size_t taken) {
    const auto all = std::span(function_->instructions);
    const Instruction& takes = all[taken];
    return takes.memory == store.memory && takes.width == store.width &&
           std::ranges::none_of(all.subspan(taken, number - taken), replaces_base);
  };
  if (maker.op == Op::compute && maker.has_memory) return is_own_from(made);
  const Register base = maker.op == Op::address ? maker.memory.base : no_register;
  return std::ranges::any_of(std::array{maker.src, maker.src2, base}, [&](Register source) {
    const std::size_t loaded = source < first_vector ? made_before(made, source) : made;
    return loaded != made && function_->instructions[loaded].op == Op::load && is_own_from(loaded);
  });
}

/// A variable that says nothing of where its pointer leads.
bool AddressWalk::holds_foreign_pointer(std::int64_t address) {
  const auto at = static_cast<std::uint64_t>(address);
  const Value held = evaluator_.load(state_, {Place::Kind::image, at, false, 0, at}, 8, nullptr);
  return held.kind == Value::Kind::held && !leads_into_image(held);
}

/// What is called was loaded through a pointer that comes from elsewhere, as functions of types are: nobody knows here
/// what that is.
bool AddressWalk::is_called_through_object(std::size_t number) {
  const Instruction* instruction = &function_->instructions[number];
  std::size_t place = number;
  if (!instruction->has_memory) {
    place = made_before(number, instruction->src);
    instruction = &function_->instructions[place];
    if (place == number || instruction->op != Op::load) return false;
  }
  const Register base = instruction->memory.base;
  if (base >= first_vector || instruction->memory.segment || evaluator_.convention().is_frame(base)) return false;
  const std::size_t made = made_before(place, base);
  const Instruction& maker = function_->instructions[made];
  if (made != place && maker.names_address()) {
    const std::int64_t distance = maker.op == Op::address ? instruction->memory.displacement : 0;
    return (maker.op == Op::load || maker.op == Op::address) &&
           holds_foreign_pointer(maker.memory.displacement + distance);
  }
  if (made != place && (maker.op == Op::load || maker.op == Op::call)) return true;
  // Who is called with an address may write there when nothing more is known; of a jump nothing is told then.
  if (function_->instructions[number].op == Op::call) return true;
  take_steps(function_->outward.size());
  return std::ranges::none_of(function_->outward, [&](std::uint32_t other) {
    const Instruction& forms = function_->instructions[other];
    return forms.names_address() && forms.dst == base;
  });
}

/// False when it is not plain who is called with it.
bool AddressWalk::passes_on(const Instruction& instruction, const Point& point) {
  if (is_place_on_stack()) return true;
  const Holders& holders = point.holders;
  const bool named_by_value = !instruction.has_target && (registers_read(instruction) & holders.registers) != 0;
  if (named_by_value && !reads_through(point)) return false;
  if (named_by_value && holders.in_lower(instruction.src)) return false;
  if (holders.words != 0 && !pass_on_stack(instruction, point)) return false;
  if (value_.kind == Value::Kind::address && !module_.leads_to_writable(value_.bits)) return true;
  const bool is_named = instruction.has_target || instruction.names_address();
  const auto& arguments = evaluator_.convention().arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!holders.in_lower(arguments[i]) || (is_in_thread() && i != 0)) continue;
    if (!is_named && !is_called_through_object(point.instruction)) return false;
    passes_.push_back({static_cast<std::uint32_t>(point.instruction), static_cast<std::uint32_t>(i), value_});
  }
  return true;
}

/// False where that is elsewhere.
bool AddressWalk::branches_to(std::uint64_t target, const Holders& holders) {
  const std::ptrdiff_t index = function_->index_of(target);
  if (index >= 0) lead_to(static_cast<std::size_t>(index), holders);
  return index >= 0;
}

}  // namespace isoaudit::analyzer
