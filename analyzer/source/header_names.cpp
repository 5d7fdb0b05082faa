#include "analyzer/source/header_names.h"

#include <clang/Lex/Lexer.h>
#include <clang/Lex/MacroInfo.h>
#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace isoaudit::analyzer {
namespace {

/// Calls `meet` for the words that mean something where they stand, and says whether they are called. Its answer says
/// whether the word is a macro with parameters.
template <class Meet>
void read_words(llvm::StringRef text, const SkippedRanges& skipped, const clang::LangOptions& language, Meet meet) {
  const clang::SourceLocation start = clang::SourceLocation::getFromRawEncoding(1);
  clang::Lexer lexer(start, language, text.begin(), text.begin(), text.end());
  clang::Token token;
  llvm::StringRef last;
  bool in_directive = false;
  bool in_definition = false;
  unsigned open = 0;  // parentheses, from that of a macro on
  for (bool at_end = false; !at_end;) {
    at_end = lexer.LexFromRawLexer(token);
    const bool opens = token.is(clang::tok::l_paren);
    const bool is_macro = !last.empty() && meet(std::exchange(last, {}), in_directive || opens || open != 0);
    if (opens && (is_macro || open != 0)) ++open;
    if (token.is(clang::tok::r_paren) && open != 0) --open;
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
    if (!in_definition && !is_skipped) last = word;
  }
}

}  // namespace

HeaderNames names_in(llvm::StringRef text, const SkippedRanges& skipped, clang::Preprocessor& preprocessor) {
  HeaderNames names;
  std::vector<clang::IdentifierInfo*> open;
  const auto meet = [&](clang::IdentifierInfo* name, bool is_called) {
    if (names.all.insert(name).second) open.push_back(name);
    if (is_called) names.called.insert(name);
  };
  // A word that is not in the table is one that nobody came to.
  const clang::IdentifierTable& table = preprocessor.getIdentifierTable();
  read_words(text, skipped, preprocessor.getLangOpts(), [&](llvm::StringRef word, bool is_called) {
    const auto known = table.find(word);
    if (known == table.end()) return false;
    meet(known->second, is_called);
    const clang::MacroInfo* macro = preprocessor.getMacroInfo(known->second);
    return macro != nullptr && macro->isFunctionLike();
  });
  while (!open.empty()) {
    const clang::MacroInfo* macro = preprocessor.getMacroInfo(open.back());
    open.pop_back();
    if (macro == nullptr) continue;
    for (const clang::Token& part : macro->tokens()) {
      clang::IdentifierInfo* name = part.getIdentifierInfo();
      if (name != nullptr && macro->getParameterNum(name) == -1) meet(name, true);
    }
  }
  return names;
}

}  // namespace isoaudit::analyzer
