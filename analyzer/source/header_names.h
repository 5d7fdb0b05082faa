#pragma once

#include <clang/Lex/Preprocessor.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringRef.h>

#include <utility>
#include <vector>

namespace isoaudit::analyzer {

/// As offsets, from a directive to the one that ends its branch.
using SkippedRanges = std::vector<std::pair<unsigned, unsigned>>;

/// All names that a header's directives and its text come to, through macros too, as those stand now. What it skipped
/// is not looked at, its directives aside, nor are the bodies of its own macros: they count where they are used.
struct HeaderNames {
  llvm::DenseSet<clang::IdentifierInfo*> all{};
  /// Those that a macro with parameters would change: a parenthesis follows, or may follow where they stand in a macro
  /// or are handed to one, or a directive asks for them.
  llvm::DenseSet<clang::IdentifierInfo*> called{};
};

HeaderNames names_in(llvm::StringRef text, const SkippedRanges& skipped, clang::Preprocessor& preprocessor);

}  // namespace isoaudit::analyzer
