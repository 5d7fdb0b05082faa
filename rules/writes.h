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
  /// The same word, with another value: the last writer wins. Else they wrote different words of it.
  bool overwritten = false;
  std::string text{};
};

/// Without those that the source or the machine code explains: every write of the variable is atomic or under a lock.
std::vector<ConflictingWrite> conflicting_writes(const model::Facts& facts, const model::RunFacts& run);

/// A store in a module's machine code that no lock prefix explains, to a variable that the source does not know to be
/// harmless; one for each variable.
struct UnexplainedWrite {
  std::string symbol{};
  std::string address{};
  std::string text{};
};
std::vector<UnexplainedWrite> unexplained_code_writes(const model::Facts& facts, const model::BinaryFacts& binary);

}  // namespace isoaudit::rules
