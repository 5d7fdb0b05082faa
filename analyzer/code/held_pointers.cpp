#include "analyzer/code/held_pointers.h"

namespace isoaudit::analyzer {

void HeldPointers::put(std::uint64_t word, std::uint64_t target) { words_[word].insert(target); }

const std::set<std::uint64_t>& HeldPointers::targets(std::uint64_t word) const {
  static const std::set<std::uint64_t> none;
  const auto found = words_.find(word);
  return found == words_.end() ? none : found->second;
}

}  // namespace isoaudit::analyzer
