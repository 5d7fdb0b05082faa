#pragma once

#include <compare>
#include <string>

#include "model/finding.h"

namespace isoaudit::model {

/// A function that the user adds to those that a rule reports wherever they are used.
struct AddedFunction {
  /// The rule's slug: "third-party-library-init".
  std::string rule{};
  /// As C and linkers know it: "mylib_init".
  std::string name{};
  Severity severity = Severity::hazard;
  /// Follows "`name`": "sets up mylib for the whole process".
  std::string harm{};
  /// "mylib_init_r()": what to use instead; empty when the rule's own advice is all there is.
  std::string instead{};

  auto operator<=>(const AddedFunction&) const = default;
};

}  // namespace isoaudit::model
