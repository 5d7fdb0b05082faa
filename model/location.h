#pragma once

#include <compare>
#include <string>

namespace isoaudit::model {

/// A place in a source file. Lines and columns count from 1; 0 means "not known".
/// `file` is relative to the root of what the user named, with forward slashes, whenever the file lies below it.
struct Location {
  std::string file{};
  unsigned line = 0;
  unsigned column = 0;
  /// The enclosing function, or empty at file scope.
  std::string function{};

  auto operator<=>(const Location&) const = default;
};

}  // namespace isoaudit::model
