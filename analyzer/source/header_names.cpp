#include "analyzer/source/header_names.h"

#include <clang/Lex/Lexer.h>
#include <clang/Lex/MacroInfo.h>
#include <llvm/ADT/STLExtras.h>

namespace isoaudit::analyzer {
namespace {

/// Calls `meet` for the words that mean something where they stand.
template <class Meet>
void read_words(llvm::StringRef text, const SkippedRanges& skipped, const clang::LangOptions& language, Meet meet) {
  const clang::SourceLocation start = clang::SourceLocation::getFromRawEncoding(1);
  clang::Lexer lexer(start, language, text.begin(), text.begin(), text.end());
  clang::Token token;
  bool in_directive = false;
  bool in_definition = false;
  for (bool at_end = false; !at_end;) {
    at_end = lexer.LexFromRawLexer(token);
    if (token.isAtStartOfLine()) {
      in_directive = token.is(clang::tok::hash);
      in_definition = false;
    }
    if (token.isNot(clang::tok::raw_identifier)) continue;
    const llvm::StringRef word = token.getRawIdentifier();
    if (in_directive && (word == "define" || word == "undef")) in_definition = true;
    const unsigned offset = token.getLocation().getRawEncoding() - start.getRawEncoding();
    const bool is_skipped = !in_directive && llvm::any_of(skipped, [&](const auto& range) {
      return range.first <= offset && offset < range.second;
    });
    if (!in_definition && !is_skipped) meet(word);
  }
}

}  // namespace

llvm::DenseSet<clang::IdentifierInfo*> names_in(llvm::StringRef text, const SkippedRanges& skipped,
                                                clang::Preprocessor& preprocessor) {
  llvm::DenseSet<clang::IdentifierInfo*> names;
  std::vector<clang::IdentifierInfo*> open;
  const auto meet = [&](clang::IdentifierInfo* name) {
    if (names.insert(name).second) open.push_back(name);
  };
  // A word that is not in the table is one that nobody came to.
  const clang::IdentifierTable& table = preprocessor.getIdentifierTable();
  read_words(text, skipped, preprocessor.getLangOpts(), [&](llvm::StringRef word) {
    if (const auto known = table.find(word); known != table.end()) meet(known->second);
  });
  while (!open.empty()) {
    const clang::MacroInfo* macro = preprocessor.getMacroInfo(open.back());
    open.pop_back();
    if (macro == nullptr) continue;
    for (const clang::Token& part : macro->tokens()) {
      if (part.getIdentifierInfo() != nullptr) meet(part.getIdentifierInfo());
    }
  }
  return names;
}

}  // namespace isoaudit::analyzer
