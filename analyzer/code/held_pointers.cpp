#include "analyzer/code/held_pointers.h"

#include <algorithm>

namespace isoaudit::analyzer {

void HeldPointers::put(std::uint64_t word, std::uint64_t target) {
  std::vector<std::uint64_t>& all = words_[word];
  const auto place = std::ranges::lower_bound(all, target);
  if (place == all.end() || *place != target) all.insert(place, target);
}

const std::vector<std::uint64_t>& HeldPointers::targets(std::uint64_t word) const {
  static const std::vector<std::uint64_t> none;
  const auto found = words_.find(word);
  return found == words_.end() ? none : found->second;
}

}  // namespace isoaudit::analyzer
