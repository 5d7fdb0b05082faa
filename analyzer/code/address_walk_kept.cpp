// Who finds an address in a word of the stack: by the place of the word, or through the address of that place.

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "analyzer/code/address_walk.h"

namespace isoaudit::analyzer {
namespace {

/// A word may be in several tables; where they are more, none counts as one.
constexpr std::size_t most_in_tables = 1 << 14;

/// So far before a place compilers count from it.
constexpr std::int64_t farthest_back = 128;

}  // namespace

/// What is loaded of the kept words, by their place or through the address of it, as who goes through a table does.
bool AddressWalk::follow_kept() {
  watches_rows_ = took_rows_ = false;
  followed_rows_.clear();
  std::size_t first = 0, last = kept_.size();
  // Until the first row was taken.
  std::size_t first_before = 0, last_before = 0;
  Found before;
  for (; first < last; first = last, last = kept_.size()) {
    const auto fresh = [&] {
      return std::vector(kept_.begin() + static_cast<std::ptrdiff_t>(first),
                         kept_.begin() + static_cast<std::ptrdiff_t>(last));
    };
    bool follows = follow_fresh(fresh());
    if (!took_rows_) before = found(), first_before = first, last_before = last;
    follows = follows && follow_rows(fresh());
    if (follows) continue;
    if (!took_rows_ || watches_rows_ || steps_left_ == 0) return false;
    // Once more, and not with what was overwritten.
    watches_rows_ = true;
    go_back_to(before);
    first = first_before, last = last_before;
    if (!follow_rows(fresh())) return false;
  }
  return true;
}

AddressWalk::Found AddressWalk::found() const {
  return {reads_.size(), further_words_.size(), passes_.size(), kept_.size()};
}

void AddressWalk::go_back_to(const Found& before) {
  reads_.resize(before.reads);
  further_words_.resize(before.further_words);
  passes_.resize(before.passes);
  kept_.resize(before.kept);
  known_kept_ = {kept_.begin(), kept_.end()};
}

/// Of words that were found since the last time: what the function takes from there itself, by the place.
bool AddressWalk::follow_fresh(std::span<const Kept> fresh) {
  find_tables();
  take_steps(kept_.size());
  std::vector<Kept> words;
  for (const Kept& word : fresh) {
    if (!is_in_table(word) || is_taken(word.place)) words.push_back(word);
  }
  // One address may lie in many words.
  std::ranges::stable_sort(words, {}, &Kept::value);
  for (auto first = words.begin(); first != words.end();) {
    const auto last = std::ranges::upper_bound(first, words.end(), first->value, {}, &Kept::value);
    if (!follow_words({first, last})) return false;
    first = last;
  }
  return true;
}

/// Who goes through a table was seen to take what was in it before.
bool AddressWalk::follow_rows(std::span<const Kept> fresh) {
  derived_.clear();
  find_rows(fresh);
  if (!watches_rows_) std::erase_if(rows_, [&](const Row& row) { return followed_rows_.contains(row); });
  followed_rows_.insert(rows_.begin(), rows_.end());
  number_rows();
  for (const auto& [number, place] : addresses_of_stack_) {
    derive_place(number, function_->instructions[number].dst, place);
  }
  return follow_derived();
}

void AddressWalk::find_rows(std::span<const Kept> words) {
  rows_.clear();
  for (const Kept& word : words) rows_.emplace_back(word.place, word.value);
  std::ranges::sort(rows_);
  rows_.erase(std::unique(rows_.begin(), rows_.end()), rows_.end());
}

/// Words of which others know where they lie, being beside each other from a place on whose address is taken.
void AddressWalk::find_tables() {
  find_rows(kept_);
  in_tables_.clear();
  const auto place_of = &Row::first;
  const auto may_be_filled = [&](const Row& row) { return is_told_of(row.second); };
  const auto is_filled = [&](std::int64_t place) {
    return std::ranges::any_of(std::ranges::equal_range(rows_, place, {}, place_of), may_be_filled);
  };
  for (const auto& [number, begin] : addresses_of_stack_) {
    for (std::int64_t place = begin; is_filled(place); place += 8) {
      if (in_tables_.size() == most_in_tables) return in_tables_.clear();
      in_tables_.push_back(place);
    }
  }
  std::ranges::sort(in_tables_);
}

/// Whoever has the table may write there, and is told to: when the function itself loads from the same place, it is
/// mostly that something else lies there by then.
bool AddressWalk::is_in_table(const Kept& word) const {
  return is_told_of(word.value) && std::ranges::binary_search(in_tables_, word.place);
}

bool AddressWalk::is_told_of(const Value& value) const {
  return value.kind == Value::Kind::address && module_.may_be_filled(value.bits);
}

/// All with the same value.
bool AddressWalk::follow_words(std::span<const Kept> words) {
  value_ = words.front().value;
  begin_value();
  derived_.clear();
  for (const Kept& word : words) {
    Holders holders;
    if (!put_in_word(word.instruction, word.place, holders)) return false;
    if (!holders.none() && function_->code_follows(word.instruction)) {
      open_.push_back({word.instruction + std::size_t{1}, holders});
    }
  }
  return follow_value() && follow_derived();
}

/// Far behind the last row nobody finds any.
void AddressWalk::derive_place(std::size_t number, Register to, std::int64_t place) {
  if (rows_.empty() || place > rows_.back().first + farthest_back || to >= first_vector) return;
  Holders holders = held_by(to);
  holders.words = row_words_.all();
  derived_.push_back({number, holders, {Value::Kind::stack, 0, static_cast<std::uint64_t>(place)}});
}

/// What is overwritten is known of as many as there are numbers for.
void AddressWalk::number_rows() {
  row_words_.clear();
  if (!watches_rows_) return;
  for (const auto& [place, value] : rows_) row_words_.add(place);
  std::vector<std::uint32_t> stores;
  for (const Kept& word : known_kept_) stores.push_back(word.instruction);
  ways_in().mark(stores);
}

/// Which words the instruction overwrites, and which it puts a row into. By a register that holds the place: when no
/// other does, on whatever way it got there.
void AddressWalk::note_rows(Point& point) const {
  const Instruction& instruction = function_->instructions[point.instruction];
  std::uint64_t& words = point.holders.words;
  if (surely_overwrites(instruction)) {
    words &= ~words_touched(point, words);
    const MemoryOperand& memory = instruction.memory;
    const bool is_only = point.holders.any_part() == register_bit(memory.base) && memory.index == no_register;
    if (is_only && instruction.op != Op::push && !memory.segment) {
      const auto place = static_cast<std::int64_t>(value_.bits) + memory.displacement;
      words &= ~row_words_.in(place, instruction.bytes(), words);
    }
  }
  const auto number = static_cast<std::uint32_t>(point.instruction);
  for (auto kept = known_kept_.lower_bound({.instruction = number, .place = std::numeric_limits<std::int64_t>::min()});
       kept != known_kept_.end() && kept->instruction == number; ++kept) {
    words |= row_words_.at(kept->place);
  }
}

/// False where a row goes where it is not followed.
bool AddressWalk::take_kept(const Point& point, std::int64_t place) {
  const Instruction& instruction = function_->instructions[point.instruction];
  const auto rows_at = [&](std::int64_t at) -> std::span<const Row> {
    const std::uint64_t word = row_words_.at(at);
    if (word != 0 && (point.holders.words & word) == 0) return {};
    return std::ranges::equal_range(rows_, at, {}, &Row::first);
  };
  switch (instruction.op) {
    case Op::load:
    case Op::load_high:
      for (unsigned i = 0; i < words_loaded(instruction); ++i) {
        for (const auto& row : rows_at(place + std::int64_t{8} * i)) {
          took_rows_ = true;
          derived_.push_back({point.instruction, holder_of_loaded(instruction, i), row.second});
        }
      }
      return true;
    case Op::store:
    case Op::store_high:
    case Op::compare:
    case Op::test: return true;
    default: return rows_at(place).empty();
  }
}

}  // namespace isoaudit::analyzer
