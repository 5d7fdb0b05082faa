#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace isoaudit::analyzer {

/// Directives at the head of a unit, up to an #include outside of all #if, and nothing but directives.
struct LeadingStep {
  /// The directives, one a line, without comments: equal text means equal to the preprocessor.
  std::string text{};
  /// Where the unit's text goes on behind them: a line's first byte.
  std::size_t end = 0;
  /// Names in #include "...", which are looked for in the unit's own folder first.
  std::vector<std::string> quoted{};
};

/// What units can have in common although comments and line breaks differ. It ends before the first thing that is no
/// plain directive, or whose meaning hangs on the file that it stands in.
std::vector<LeadingStep> leading_steps(std::string_view source);

}  // namespace isoaudit::analyzer
