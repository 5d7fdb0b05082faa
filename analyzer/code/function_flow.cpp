#include "analyzer/code/function_flow.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "analyzer/code/jump_tables.h"

namespace isoaudit::analyzer {
namespace {

/// A block is looked at again only when something that was known no longer is, so it ends by itself; this bounds
/// hostile code, after which blocks start with nothing certain.
constexpr std::uint32_t most_looks_for_each_block = 24;

/// The same for a function as a whole: most blocks are looked at once or twice.
constexpr std::size_t most_looks_for_a_block_on_average = 8;

/// Each block keeps what is known where it begins, some kilobytes: a longer function is gone through in parts, and
/// nothing is known where a later part begins.
constexpr std::size_t most_blocks_at_once = 1 << 16;

/// What is found behind jumps through tables adds to what may be known at others; the second time nearly nothing.
/// Behind landing pads alone it is nothing: what they know is what was known at calls.
constexpr unsigned rounds_behind_tables = 2, rounds_behind_pads = 1;

/// A state takes one to two kilobytes: those at hand take no more than twice what a module's code does, and no more
/// than this many are kept for the next function.
constexpr std::uint64_t code_for_each_state = 1024;
constexpr std::size_t fewest_at_hand = 32, most_entries_kept = 1024;

/// AArch64's stack and frame pointers: the sum is the address of something on the stack.
bool forms_stack_address(const Instruction& instruction) {
  return instruction.op == Op::add && instruction.has_immediate && (instruction.src == 31 || instruction.src == 29);
}

bool is_visited(const Instruction& instruction) {
  return instruction.has_memory || forms_stack_address(instruction) || instruction.writes_memory ||
         instruction.op == Op::call || instruction.op == Op::jump || instruction.op == Op::result;
}

}  // namespace

Flow::Flow(const Evaluator& evaluator, Surroundings& around, std::uint64_t code)
    : evaluator_(evaluator),
      around_(around),
      most_at_hand_(std::clamp<std::uint64_t>(code / code_for_each_state, fewest_at_hand, most_entries_kept)) {}

void Flow::OpenBlocks::resize(std::size_t blocks) {
  words_.assign((blocks + 63) / 64, 0);
  lowest_ = last_taken_ = 0;
}

void Flow::OpenBlocks::insert(std::size_t rank) {
  words_[rank / 64] |= std::uint64_t{1} << rank % 64;
  lowest_ = std::min(lowest_, rank / 64);
}

std::uint32_t Flow::OpenBlocks::first_from(std::size_t rank) const {
  std::uint64_t mask = ~std::uint64_t{0} << rank % 64;
  for (std::size_t word = rank / 64; word < words_.size(); ++word, mask = ~std::uint64_t{0}) {
    const std::uint64_t open = words_[word] & mask;
    if (open != 0) return static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(open)));
  }
  return no_block;
}

std::uint32_t Flow::OpenBlocks::take(const Blocks& blocks) {
  std::uint32_t rank = first_from(lowest_ * 64);
  if (rank == no_block) return rank;
  lowest_ = rank / 64;
  if (rank <= last_taken_) {
    const std::uint32_t behind = first_from(last_taken_ + 1);
    if (behind != no_block && blocks.loop_of(behind) == blocks.loop_of(rank)) rank = behind;
  }
  words_[rank / 64] &= ~(std::uint64_t{1} << rank % 64);
  last_taken_ = rank;
  return rank;
}

void Flow::run(const FunctionCode& code, const Visit& visit) {
  blocks_.cut(code);
  if (blocks_.size() <= most_blocks_at_once) return run_part(code, visit, true);
  const std::vector<Block> blocks = blocks_.all();
  for (std::size_t first = 0; first < blocks.size(); first += most_blocks_at_once) {
    const std::size_t last = std::min(first + most_blocks_at_once, blocks.size()) - 1;
    FunctionCode part{.begin = code.begin, .end = code.end};
    part.instructions.assign(code.instructions.begin() + blocks[first].first,
                             code.instructions.begin() + blocks[last].last);
    part.number();
    blocks_.cut(part);
    run_part(part, visit, first == 0);
  }
}

void Flow::run_part(const FunctionCode& code, const Visit& visit, bool from_entry) {
  if (blocks_.size() == 0) return;
  code_ = &code;
  blocks_.put_in_order(code);
  looks_.assign(blocks_.size(), 0);
  places_.resize(blocks_.size());
  open_.resize(blocks_.size());
  all_looks_ = 0;
  if (entries_.size() > most_entries_kept) entries_ = {};
  put_away_.clear();
  put_away_.resize(blocks_.size());
  last_stacks_.fill(nullptr);
  free_.clear();
  used_ = 0;
  blocks_.mark_behind_others(from_entry);
  for (Collected* collected : {&at_tables_, &at_calls_}) collected->any = false;
  // Whether anybody will ask what is known at calls.
  collects_ = !blocks_.labels().empty() || blocks_.roots().size() > (from_entry ? 1 : 0);
  if (from_entry) {
    enter(blocks_.entry(), entry_state(evaluator_.convention()));
    settle(code.jumps_unknown ? nullptr : &visit);
  }
  const bool pads_alone = blocks_.labels().empty() && !code.jumps_unknown;
  const unsigned rounds = pads_alone ? rounds_behind_pads : rounds_behind_tables;
  for (unsigned round = 0; round < rounds; ++round) {
    if (!from_elsewhere(from_entry)) break;
    settle(nullptr);
  }
  for (std::uint32_t block = 0; block < blocks_.size(); ++block) {
    if (code.jumps_unknown || !has_one_look(block)) pass(block, visit);
  }
}

void Flow::Collected::add(const State& other) {
  if (any) {
    merge(state, other);
  } else {
    state = other;
  }
  any = true;
}

/// What is known there may hold where a table of jumps or a landing pad leads.
void Flow::collect(const State& state, const Instruction& instruction, Collected& calls, Collected& tables) {
  if (instruction.op == Op::call) {
    calls.add(state);
  } else if (goes_through_table(instruction)) {
    tables.add(state);
  }
}

/// Tables of jumps and landing pads lead to blocks too: what may hold where a table leads is what may hold at some jump
/// through one; elsewhere also what may hold behind some call. False when there are no such blocks.
bool Flow::from_elsewhere(bool from_entry) {
  if (!collects_) return false;
  const auto& roots = blocks_.roots();
  const auto leads_elsewhere = [](const Instruction& instruction) {
    return instruction.op == Op::call || goes_through_table(instruction);
  };
  // What is known at jumps through tables, and at those and calls.
  Collected at_tables = at_tables_, elsewhere = at_calls_;
  State& state = working_;
  for (std::uint32_t block = 0; block < blocks_.size(); ++block) {
    if (looks_[block] == 0 || (!code_->jumps_unknown && has_one_look(block))) continue;
    const std::size_t first = blocks_[block].first;
    std::size_t last = blocks_[block].last;
    while (last > first && !leads_elsewhere(code_->instructions[last - 1])) --last;
    if (last == first) continue;
    state = entry_or_copy(block);
    for (std::size_t i = first; i < last; ++i) {
      const Instruction& instruction = code_->instructions[i];
      apply(state, instruction);
      collect(state, instruction, elsewhere, at_tables);
    }
  }
  // The jump may be in a piece that nothing was known to lead to so far.
  const bool jumps_through_table = at_tables.any;
  if (jumps_through_table) elsewhere.add(at_tables.state);
  for (Collected* found : {&at_tables, &elsewhere}) {
    if (!found->any) found->state = {};
    weaken(found->state);
  }
  for (const std::uint32_t root : roots) {
    if (!from_entry || root != blocks_.entry()) enter(root, elsewhere.state);
  }
  const State& at_labels = jumps_through_table ? at_tables.state : elsewhere.state;
  for (const std::uint32_t label : blocks_.labels()) enter(label, at_labels);
  return true;
}

void Flow::enter(std::uint32_t block, const State& state) {
  if (looks_[block] != 0) return join(block, state);
  const std::uint32_t place = free_place();
  entries_[place] = state;
  be_entered(block, place);
}

std::uint32_t Flow::free_place() {
  if (!free_.empty()) {
    const std::uint32_t place = free_.back();
    free_.pop_back();
    return place;
  }
  if (used_ == entries_.size()) entries_.emplace_back();
  return used_++;
}

void Flow::put_away(std::uint32_t block) {
  std::unique_ptr<KeptState>& kept = put_away_[block];
  if (kept == nullptr) kept = std::make_unique<KeptState>();
  kept->keep(entries_[places_[block]], last_stacks_);
  if (std::ranges::find(last_stacks_, kept->stack()) == last_stacks_.end()) {
    last_stacks_[next_stack_++ % last_stacks_.size()] = kept->stack();
  }
  places_[block] = no_place;
}

State& Flow::entry(std::uint32_t block) {
  if (is_put_away(block)) {
    places_[block] = free_place();
    put_away_[block]->restore(entries_[places_[block]]);
  }
  return entries_[places_[block]];
}

State& Flow::entry_or_copy(std::uint32_t block) {
  if (!is_put_away(block)) return entries_[places_[block]];
  put_away_[block]->restore(working_);
  return working_;
}

void Flow::join(std::uint32_t block, const State& state) {
  const bool was_put_away = is_put_away(block);
  if (was_put_away && put_away_[block]->covers(state)) return;
  if (merge(entry(block), state)) {
    open_.insert(blocks_.rank(block));
  } else if (was_put_away) {
    free_.push_back(std::exchange(places_[block], no_place));
  }
}

/// Branches alone read them, and nearly all behind a comparison in their own block. What nobody reads is not joined,
/// and no reason for another look.
bool Flow::asks_for_flags(std::uint32_t block) const {
  for (std::size_t i = blocks_[block].first; i < blocks_[block].last; ++i) {
    const Op op = code_->instructions[i].op;
    const bool goes_on = op != Op::call && op != Op::jump && !code_->instructions[i].is_branch();
    if (goes_on && !keeps_flags(op)) return false;
  }
  return true;
}

/// For the first time, with what lies at the place.
void Flow::be_entered(std::uint32_t block, std::uint32_t place) {
  State& state = entries_[place];
  if (state.flags.kind != Flags::Kind::unknown && !asks_for_flags(block)) state.flags = {};
  looks_[block] = 1;
  places_[block] = place;
  open_.insert(blocks_.rank(block));
}

/// Counts a look at the block.
bool Flow::is_worn_out(std::uint32_t block) {
  const bool all = ++all_looks_ > blocks_.size() * most_looks_for_a_block_on_average + 1000;
  return ++looks_[block] > most_looks_for_each_block || all;
}

/// `visit`: also visits the blocks of which all is known when they are looked at.
void Flow::settle(const Visit* visit) {
  for (std::uint32_t rank = open_.take(blocks_); rank != no_block; rank = open_.take(blocks_)) {
    std::uint32_t block = blocks_.at_rank(rank);
    const bool last_look = visit != nullptr && has_one_look(block);
    if (is_worn_out(block)) {
      if (looks_[block] > most_looks_for_each_block + 1) continue;
      looks_[block] = most_looks_for_each_block + 1;
      weaken(entry(block));
    }
    if (last_look) {
      own_place_ = places_[block];
      State& state = entries_[own_place_];
      // What follows and has no other way in goes on with the same.
      while (block != no_block) block = leave(block, state, visit);
      if (own_place_ != no_place) free_.push_back(std::exchange(own_place_, no_place));
    } else if (used_ - free_.size() > most_at_hand_) {
      const std::uint32_t place = places_[block];
      put_away(block);
      leave(block, entries_[place], nullptr);
      free_.push_back(place);
    } else {
      working_ = entry(block);
      leave(block, working_, nullptr);
    }
  }
}

/// Goes through a block with what is known in `state` and enters those that it leads to; of the one that can be looked
/// at next, as it is, the number.
std::uint32_t Flow::leave(std::uint32_t number, State& state, const Visit* visit) {
  const Block& block = blocks_[number];
  for (std::size_t i = block.first; i < block.last; ++i) {
    const Instruction& instruction = code_->instructions[i];
    if (visit != nullptr && is_visited(instruction)) (*visit)(state, instruction);
    apply(state, instruction);
    if (visit != nullptr && collects_) collect(state, instruction, at_calls_, at_tables_);
  }
  const Instruction& last = code_->instructions[block.last - 1];
  const bool parts = last.is_branch() && block.target != no_block && block.next != no_block;
  const std::uint32_t lock = state.lock;
  const std::uint8_t depth = state.lock_depth;
  if (parts) around_.along_branch(state, last, true);
  if (block.target != no_block) enter(block.target, state);
  state.lock = lock, state.lock_depth = depth;
  if (parts) around_.along_branch(state, last, false);
  for (std::uint32_t way = Blocks::first_table_way; way < Blocks::ways_out(block); ++way)
    enter(blocks_.way_out(block, way), state);
  const std::uint32_t next = block.next;
  if (next == no_block) return no_block;
  const bool goes_on = visit != nullptr && blocks_.ways_in(next) == 1 && has_one_look(next) &&
                       blocks_.rank(next) == blocks_.rank(number) + 1;
  if (!goes_on) {
    if (looks_[next] == 0 && own_place_ != no_place) {
      be_entered(next, std::exchange(own_place_, no_place));
    } else {
      enter(next, state);
    }
    return no_block;
  }
  if (is_worn_out(next)) weaken(state);
  return next;
}

/// Visits a block with what was found for where it begins.
void Flow::pass(std::uint32_t block, const Visit& visit) {
  const std::size_t first = blocks_[block].first;
  std::size_t last = blocks_[block].last;
  while (last > first && !is_visited(code_->instructions[last - 1])) --last;
  if (last == first) return;
  // Nobody needs it any more.
  if (looks_[block] == 0) working_ = State{};
  State& state = looks_[block] == 0 ? working_ : entry_or_copy(block);
  for (std::size_t i = first; i < last; ++i) {
    const Instruction& instruction = code_->instructions[i];
    // Some label in here is reached in a way that is not known.
    if (code_->jumps_unknown) weaken(state);
    if (is_visited(instruction)) visit(state, instruction);
    apply(state, instruction);
  }
}

void Flow::apply(State& state, const Instruction& instruction) const {
  if (instruction.op == Op::call) {
    around_.call(state, instruction);
  } else {
    evaluator_.step(state, instruction, nullptr, nullptr);
  }
}

}  // namespace isoaudit::analyzer
