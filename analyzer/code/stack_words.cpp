#include "analyzer/code/stack_words.h"

#include <algorithm>

namespace isoaudit::analyzer {

std::uint64_t words_of_stack(std::int64_t place, std::int64_t bytes) {
  constexpr std::int64_t all = 64;
  const std::int64_t first = place >> 3, last = (place + bytes - 1) >> 3;
  if (last - first >= all) return ~std::uint64_t{0};
  std::uint64_t words = 0;
  for (std::int64_t word = first; word <= last; ++word) words |= std::uint64_t{1} << (word & (all - 1));
  return words;
}

bool StackWords::add(std::int64_t place) {
  if (at(place) != 0) return true;
  if (places_.size() == most) return false;
  places_.push_back(place);
  on_stack_.push_back(words_of_stack(place, 8));
  return true;
}

std::uint64_t StackWords::at(std::int64_t place) const {
  const auto found = std::ranges::find(places_, place);
  return found == places_.end() ? 0 : std::uint64_t{1} << (found - places_.begin());
}

std::uint64_t StackWords::in(std::int64_t first, std::int64_t size, std::uint64_t among) const {
  std::uint64_t found = 0;
  for (std::uint64_t left = among; left != 0; left &= left - 1) {
    const std::int64_t word = place_of(left);
    if (word < first + size && first < word + 8) found |= left & -left;
  }
  return found;
}

std::uint64_t StackWords::all() const { return places_.empty() ? 0 : ~std::uint64_t{0} >> (most - places_.size()); }

}  // namespace isoaudit::analyzer
