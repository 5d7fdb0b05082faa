#pragma once

#include <compare>
#include <string>

namespace isoaudit::model {

/// Something that could not be read or checked. Its absence from the facts proves nothing: a report with gaps is
/// inconclusive, never clean.
struct Gap {
  /// What was not read, in the user's words: a path, a unit, a module's name.
  std::string input{};
  /// Why, in one sentence.
  std::string reason{};

  auto operator<=>(const Gap&) const = default;
};

}  // namespace isoaudit::model
