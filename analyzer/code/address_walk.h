#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "analyzer/code/evaluator.h"
#include "analyzer/code/function_code.h"
#include "analyzer/code/holders.h"
#include "analyzer/code/stack_positions.h"
#include "analyzer/code/stack_words.h"
#include "analyzer/code/stretches.h"

namespace isoaudit::analyzer {

/// What becomes of single addresses that a function's instructions put into registers, on all ways from there, through
/// vector registers and words of the stack too. Most are only read through or passed on, and to see that takes a
/// fraction of what it takes to know all that is known of all registers in the whole function.
class AddressWalk {
 public:
  /// An argument of a call or tail call.
  struct Pass {
    std::uint32_t instruction = 0;  ///< its number
    std::uint32_t argument = 0;
    Value value{};
  };
  /// What is followed and put into a word of the stack.
  struct Kept {
    std::uint32_t instruction = 0;  ///< its number
    /// The instruction writes words beside it too.
    bool with_others = false;
    std::int64_t place = 0;  ///< from the stack pointer at entry
    Value value{};
    auto operator<=>(const Kept&) const = default;
  };
  /// What others know of the module.
  class Module {
   public:
    virtual ~Module() = default;
    /// Which arguments the callee of an instruction may take from the stack, as stack_arguments_of says.
    virtual unsigned taken_from_stack(const Instruction& call) = 0;
    /// Whoever has the address may write to the image's own memory.
    virtual bool leads_to_writable(std::uint64_t address) = 0;
    /// What a variable there holds may be such an address by now.
    virtual bool holds_followed(std::uint64_t address) = 0;
    /// Whoever has a table of addresses with this one in it is told to write there (see Stores).
    virtual bool may_be_filled(std::uint64_t address) = 0;
  };

  AddressWalk(const Image& image, const Evaluator& evaluator, Module& module);

  /// Nothing is found so far of this function, which stays as it is while it is asked of.
  void begin(const FunctionCode& function);
  /// Follows what the instructions of such numbers leave in registers: addresses, what they load, where a variable of
  /// the thread's lies. False when more may come of it than reads and passes, a store too; to thread-local memory, a
  /// store of a whole word.
  bool follow(std::span<const std::uint32_t> numbers);
  /// The same of what the function gets in the register of its argument number `argument`, alone. Where is read through
  /// it is not told; false also when it is kept or handed back.
  bool follow_argument(unsigned argument);

  /// Keeps no more memory than short functions need until something is followed again: who goes through the same
  /// function needs his own.
  void give_room_back();

  /// Where is read, of all that was followed since begin().
  const std::vector<Place>& reads() const { return reads_; }
  /// Addresses of the words behind the first of each.
  const std::vector<std::uint64_t>& further_words() const { return further_words_; }
  const std::vector<Pass>& passes() const { return passes_; }
  const std::vector<Kept>& kept() const { return kept_; }
  /// Where on the stack begins what the function takes the address of, with the number of the instruction that does, in
  /// order. To be asked for where kept() is not empty.
  const std::vector<std::pair<std::uint32_t, std::int64_t>>& addresses_of_stack() const { return addresses_of_stack_; }

 private:
  /// Before an instruction.
  struct Point {
    std::size_t instruction = 0;
    Holders holders{};
  };
  /// Another address that is made of the one that is followed.
  struct Derived {
    std::size_t instruction = 0;
    Holders holders{};
    Value value{};
  };
  /// What held the value there, on which walk.
  struct Seen {
    Holders holders{};
    std::uint32_t walk = 0;
  };
  /// An instruction reads from a word of the stack or writes there. In one number, since many are sorted.
  struct StackAccess {
    std::uint64_t rank = 0;

    StackAccess(std::int64_t place, std::uint32_t instruction, bool writes)
        : rank(rank_of(place) | std::uint64_t{instruction} << 1 | (writes ? 1 : 0)) {}
    std::uint32_t instruction() const { return static_cast<std::uint32_t>(rank) >> 1; }
    bool writes() const { return (rank & 1) != 0; }
    /// Of nothing in the word at a place yet, in the order of words. No instruction reaches farther than 2^34 bytes.
    static std::uint64_t rank_of(std::int64_t place) {
      return std::uint64_t{static_cast<std::uint32_t>(place >> 3) ^ 0x80000000} << 32;
    }
    auto operator<=>(const StackAccess&) const = default;
  };
  /// A place where a word is kept, and what.
  using Row = std::pair<std::int64_t, Value>;
  /// How much was found of each.
  struct Found {
    std::size_t reads = 0, further_words = 0, passes = 0, kept = 0;
  };
  /// Calls that look for the first argument on the stack at one place.
  struct Taken {
    std::int64_t first = 0;
    /// Which arguments some callee of theirs may take, once it was asked.
    std::optional<unsigned> arguments{};
  };

  bool is_argument() const { return value_.kind == Value::Kind::argument; }
  bool is_in_thread() const { return value_.kind == Value::Kind::thread; }
  bool watches_rows() const { return watches_rows_ && is_place_on_stack(); }
  bool is_place_on_stack() const { return value_.kind == Value::Kind::stack; }
  void begin_value();
  bool begin_with(std::uint32_t number);
  bool begin_in_thread(std::uint32_t number);
  bool follow_derived();
  bool follow_value();
  bool go_on(Point point);
  bool is_new(Point& point);
  bool is_lost(const Holders& holders) const;
  bool has_to_do_with(const Instruction& instruction, const Point& point) const;
  bool reads_through(const Point& point);
  bool reads_in_thread(std::size_t number);
  bool keeps_sight(const Instruction& instruction, Point& point);
  bool moves_by(std::size_t number, Register from, const Place& place, Holders& holds);
  bool copy_to(const Instruction& instruction, const Holders& before, Holders& holds) const;
  void derive(std::size_t number, Register to, std::uint64_t address);
  bool derive_in_thread(std::size_t number, Register to, const Place& place);
  bool leads_into_image(const Value& loaded);
  Place place_in(const MemoryOperand& memory, const Value& base);

  // address_walk_control.cpp
  std::size_t all_steps() const;
  void take_steps(std::size_t steps) { steps_left_ -= std::min(steps_left_, steps); }
  Stretches& ways_in();
  bool takes_together() { return takes_together_ || begins_to_take_together(); }
  bool begins_to_take_together();
  /// The one that begins there, where steps are taken together; null where none does.
  const Stretch* stretch_at(std::size_t number) { return takes_together() ? stretches_.at(number) : nullptr; }
  /// Nothing in it has to do with what holds the value.
  bool passes_by(const Stretch& stretch, const Holders& holders) const {
    if ((stretch.registers & holders.any_part()) != 0) return false;
    return (holders.words == 0 && !watches_rows_) || passes_words_by(stretch, holders);
  }
  bool passes_words_by(const Stretch& stretch, const Holders& holders) const;
  /// Not where it was already.
  void lead_to(std::size_t number, const Holders& holders) {
    const Seen& seen = seen_[number];
    if (seen.walk != walk_ || !seen.holders.has_all(holders)) open_.push_back({number, holders});
  }
  bool branches_to(std::uint64_t target, const Holders& holders);
  void enter_landing_pads(Holders holders);
  bool leads_inside(std::size_t number) const;
  bool enter_labels(const Instruction& jump, const Point& point);
  std::size_t made_before(std::size_t number, Register made);
  bool holds_foreign_pointer(std::int64_t address);
  bool changes_own_word(std::size_t number);
  bool is_called_through_object(std::size_t number);
  bool passes_on(const Instruction& instruction, const Point& point);

  // address_walk_stack.cpp
  const StackWords& words() const { return is_place_on_stack() ? row_words_ : words_; }
  bool sees_stack();
  void find_accesses();
  std::uint64_t words_touched(const Point& point, std::uint64_t among) const;
  bool makes_place(const Instruction& instruction) const;
  std::optional<std::int64_t> address_of_stack(std::size_t number) const;
  std::uint64_t find_stack_pointers() const;
  std::size_t made_from(std::size_t number, Register made);
  bool may_store_on_stack(const Instruction& store, std::size_t number);
  std::optional<std::int64_t> place_stored_to(const Instruction& store, std::size_t number);
  bool put_on_stack(const Instruction& store, const Point& point);
  bool put_in_word(std::size_t store, std::int64_t place, Holders& holders);
  bool take_word(std::size_t number, std::int64_t place, Holders& holders) const;
  bool take_from_stack(const Point& point, Holders& holders) const;
  std::int64_t first_argument(const Instruction& call, std::size_t number) const;
  unsigned argument_bit(std::int64_t place, std::int64_t first) const;
  bool may_be_argument(std::int64_t place) const;
  bool is_taken(std::int64_t place);
  unsigned arguments_taken(std::int64_t first);
  bool pass_on_stack(const Instruction& call, const Point& point);

  // address_walk_kept.cpp
  bool follow_kept();
  bool follow_fresh(std::span<const Kept> fresh);
  bool follow_rows(std::span<const Kept> fresh);
  Found found() const;
  void go_back_to(const Found& before);
  bool follow_words(std::span<const Kept> words);
  void find_tables();
  bool is_in_table(const Kept& word) const;
  bool is_told_of(const Value& value) const;
  void derive_place(std::size_t number, Register to, std::int64_t place);
  bool take_kept(const Point& point, std::int64_t place);
  void find_rows(std::span<const Kept> words);
  void number_rows();
  void note_rows(Point& point) const;

  const Image& image_;
  const Evaluator& evaluator_;
  /// Some function of the image may have landing pads.
  const bool catches_exceptions_;
  const FunctionCode* function_ = nullptr;
  std::vector<Place> reads_{};
  std::vector<std::uint64_t> further_words_{};
  std::vector<Pass> passes_{};
  std::vector<Kept> kept_{};
  std::set<Kept> known_kept_{};
  /// What is followed, where it has to be gone on from, and what comes after it.
  Value value_{};
  std::vector<Point> open_{};
  std::vector<Derived> derived_{};
  /// By number of the instruction.
  std::vector<Seen> seen_{};
  std::uint32_t walk_ = 0;
  /// For all that is followed, or for one argument.
  std::size_t steps_left_ = 0;
  /// Registers that may hold an address of the stack anywhere in the function; 0 when it was not asked yet.
  std::uint64_t stack_pointers_ = 0;
  /// Of the function, as far as they were asked for.
  Stretches stretches_{};
  bool ways_in_found_ = false;
  /// Enough steps were taken in the function.
  bool takes_together_ = false;
  /// What held the value where something was called that may throw.
  Holders thrown_{};
  /// Scratch: nothing is known but one register.
  State state_{};
  Module& module_;
  StackPositions positions_{};
  /// Whether they are known, once that was asked.
  std::optional<bool> sees_stack_{};
  /// Words of the stack that addresses are followed to, by their number among the holders.
  StackWords words_{};
  /// Some row was loaded through the address of its place.
  bool took_rows_ = false;
  /// Rows that are overwritten are told from others. It takes many steps, so first it is tried without.
  bool watches_rows_ = false;
  /// Words with a row, where that is so. Among the holders of a place: of which the row may not be overwritten yet.
  StackWords row_words_{};
  /// What the function itself does there by the stack or frame pointer, sorted.
  std::vector<StackAccess> accesses_{};
  std::vector<Taken> taken_{};
  std::vector<std::pair<std::uint32_t, std::int64_t>> addresses_of_stack_{};
  /// Where words are kept, with what; places of those that are in tables. Sorted.
  std::vector<Row> rows_{};
  std::set<Row> followed_rows_{};
  std::vector<std::int64_t> in_tables_{};
  /// The lowest place on the stack of which the function takes the address.
  std::int64_t lowest_taken_ = 0;
};

}  // namespace isoaudit::analyzer
