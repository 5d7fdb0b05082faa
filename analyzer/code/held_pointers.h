#pragma once

#include <cstdint>
#include <map>
#include <set>

namespace isoaudit::analyzer {

/// Words of the image's writable memory, each with the addresses of writable variables that stores put there:
/// `current = &context`. What goes through such a word later goes to one of them.
class HeldPointers {
 public:
  void put(std::uint64_t word, std::uint64_t target);
  /// None where nothing is known to be put there.
  const std::set<std::uint64_t>& targets(std::uint64_t word) const;
  const std::map<std::uint64_t, std::set<std::uint64_t>>& words() const { return words_; }

 private:
  std::map<std::uint64_t, std::set<std::uint64_t>> words_{};
};

}  // namespace isoaudit::analyzer
