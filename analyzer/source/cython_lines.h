#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace isoaudit::analyzer {

/// A statement of a generated file, and the user's line that it was made of.
struct GeneratedFrom {
  unsigned offset = 0;  ///< of the comment that says so
  std::string
      file{};  ///< as Cython names it: "pkg/mod.pyx"; SourcePlaces empties it where that is no file of the user's
  unsigned line = 0;
  /// It stands before a function: those in functions are indented.
  bool before_function = false;
};

/// Cython writes `/* "pkg/mod.pyx":12` before what it makes of a line (Cython/Compiler/Code.py, mark_pos). Sorted by
/// offset; other comments are passed over.
std::vector<GeneratedFrom> cython_lines(std::string_view text);

}  // namespace isoaudit::analyzer
