#pragma once

#include <string>
#include <vector>

#include "model/facts.h"

namespace isoaudit::rules {

/// A variable in a module's own memory that at least two interpreters changed in one run.
struct ConflictingWrite {
  std::string symbol{};
  std::string linkage_name{};
  std::string address{};  ///< ".bss+0x40"
  /// The same word, with another value, and no lock is known: the last writer wins. Else it is open whether they met.
  bool overwritten = false;
  std::string text{};
};

/// Without those that the source or the machine code explains: every write of the variable is atomic or under a lock.
std::vector<ConflictingWrite> conflicting_writes(const model::Facts& facts, const model::RunFacts& run);

}  // namespace isoaudit::rules
