#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "analyzer/code/blocks.h"
#include "analyzer/code/evaluator.h"
#include "analyzer/code/function_code.h"
#include "analyzer/code/kept_state.h"

namespace isoaudit::analyzer {

/// Called once for each instruction that calls, jumps or touches memory and that can be reached or whose way in is not
/// known, with what is known before it; in no particular order.
using Visit = std::function<void(const State&, const Instruction&)>;

/// What the reader of a module adds to the instructions' own effects.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  /// A call: what it returns, what it may write, which lock it takes.
  virtual void call(State& state, const Instruction& instruction) = 0;
  /// Control goes on where `branch` leads to (`taken`) or behind it.
  virtual void along_branch(State& state, const Instruction& branch, bool taken) = 0;
};

/// Forward propagation of constants, addresses and locks through one function after the other, each to a fixpoint,
/// loops included. Where control comes from a place that is not known (jump tables, landing pads) nothing is certain.
class Flow {
 public:
  /// `code`: bytes of it in the module. What is known where blocks begin is kept as it is for some, more where there is
  /// more code, and for others put away, which takes less memory and more time.
  Flow(const Evaluator& evaluator, Surroundings& around, std::uint64_t code);

  /// Not to be called from within a visit: what is known is kept in one place.
  void run(const FunctionCode& code, const Visit& visit);

 private:
  /// Blocks that have to be looked at, by their place in the order, the lowest first.
  class OpenBlocks {
   public:
    void resize(std::size_t blocks);
    void insert(std::size_t rank);
    /// The next of a round through the loops that are open: the first behind the last one taken that is in one loop
    /// with the lowest, else the lowest. Where loops lie in each other, each is so gone through about as often as it is
    /// deep, while to settle the inner one first, for each change of the outer one anew, takes a power of that.
    /// no_block when there is none.
    std::uint32_t take(const Blocks& blocks);

   private:
    /// The first from there on; no_block when there is none.
    std::uint32_t first_from(std::size_t rank) const;

    std::vector<std::uint64_t> words_{};
    /// Nothing is open in words before it.
    std::size_t lowest_ = 0;
    std::size_t last_taken_ = 0;
  };

  /// `from_entry`: the first block is where callers come in.
  void run_part(const FunctionCode& code, const Visit& visit, bool from_entry);
  /// What is known at several places, joined.
  struct Collected {
    State state{};
    bool any = false;
    void add(const State& other);
  };
  static void collect(const State& state, const Instruction& instruction, Collected& calls, Collected& tables);
  bool from_elsewhere(bool from_entry);
  /// Control comes there from the function's entry alone and never again: what is known when its turn comes for the
  /// first time will not change.
  bool has_one_look(std::uint32_t block) const {
    return blocks_.is_behind_loops(block) && !blocks_.is_behind_others(block);
  }
  void enter(std::uint32_t block, const State& state);
  void settle(const Visit* visit);
  bool is_worn_out(std::uint32_t block);
  std::uint32_t leave(std::uint32_t block, State& state, const Visit* visit);
  void pass(std::uint32_t block, const Visit& visit);
  void apply(State& state, const Instruction& instruction) const;
  std::uint32_t free_place();
  bool is_put_away(std::uint32_t block) const { return places_[block] == no_place; }
  void put_away(std::uint32_t block);
  /// What is known where the block begins; it is at hand from then on.
  State& entry(std::uint32_t block);
  /// The same, for the last time or to be read before the next is asked for.
  State& entry_or_copy(std::uint32_t block);
  void join(std::uint32_t block, const State& state);
  void be_entered(std::uint32_t block, std::uint32_t place);
  bool asks_for_flags(std::uint32_t block) const;

  const Evaluator& evaluator_;
  Surroundings& around_;
  const FunctionCode* code_ = nullptr;
  Blocks blocks_{};
  /// What is known where blocks begin, by their place here; a place that is free is used again, while what it held is
  /// near to the processor.
  std::deque<State> entries_{};
  std::vector<std::uint32_t> free_{};
  /// Places from here on were never used in this function.
  std::uint32_t used_ = 0;
  /// Where that lies which the block that is looked at does not need any more; no_place: it does.
  std::uint32_t own_place_ = no_place;
  static constexpr std::uint32_t no_place = ~std::uint32_t{0};
  /// By block; of meaning once it was entered. no_place: it is put away.
  std::vector<std::uint32_t> places_{};
  std::vector<std::unique_ptr<KeptState>> put_away_{};
  const std::size_t most_at_hand_;
  /// What was known of the stack in what was put away last: mostly the same is known in the next.
  std::array<SharedStack, 4> last_stacks_{};
  std::size_t next_stack_ = 0;
  /// How often each block was looked at, and 1 more: 0 means never entered.
  std::vector<std::uint32_t> looks_{};
  OpenBlocks open_{};
  State working_{};
  std::size_t all_looks_ = 0;
  /// From the blocks that have one look, where others need it.
  Collected at_tables_{}, at_calls_{};
  bool collects_ = false;
};

}  // namespace isoaudit::analyzer
