#pragma once

#include <string>
#include <string_view>

namespace isoaudit::analyzer {

/// What a member's name comes to.
struct MemberName {
  /// Relative, forward slashes, no "." and "..". With a problem: as it can be shown.
  std::string path{};
  /// Why it names no file below the folder; empty when it does.
  std::string problem{};
  /// It reaches for a place outside of the folder.
  bool escapes = false;
};
MemberName member_name(std::string_view raw);

/// Without bytes that a terminal would obey or that are no UTF-8.
std::string printable(std::string_view text);

}  // namespace isoaudit::analyzer
