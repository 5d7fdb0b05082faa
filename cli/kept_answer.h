#pragma once

#include <optional>
#include <string>

#include "analyzer/source/kept_entries.h"
#include "cli/answer.h"
#include "cli/collect.h"

namespace isoaudit::cli {

/// The answer of an earlier run to the same question about the same facts, by the same program; it lies beside the
/// facts of the sources. Only of facts that came from sources alone, and are themselves kept.
class KeptAnswer {
 public:
  KeptAnswer(const std::string& folder, const Collected& collected, const Question& question);

  std::optional<Answer> find() const;
  /// What cannot be kept is found anew the next time.
  void keep(const Answer& answer);

 private:
  analyzer::KeptEntries entries_;
  /// Empty: the facts are not such.
  std::string name_{};
};

}  // namespace isoaudit::cli
