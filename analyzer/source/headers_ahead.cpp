#include "analyzer/source/headers_ahead.h"

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>
#include <clang/Lex/HeaderSearch.h>
#include <clang/Lex/Lexer.h>
#include <clang/Lex/MacroInfo.h>

#include <algorithm>
#include <cctype>
#include <iterator>

namespace isoaudit::analyzer {
namespace {

const clang::MacroInfo* state_of(const clang::MacroDirective* directive) {
  if (directive == nullptr) return nullptr;
  const auto definition = const_cast<clang::MacroDirective*>(directive)->getDefinition();
  return definition && !definition.isUndefined() ? definition.getMacroInfo() : nullptr;
}

/// In C a tag or an enumerator is known to the whole file, however deep it is declared.
template <class Take>
void take_names(clang::Decl* declaration, Take take) {
  auto* named = llvm::dyn_cast<clang::NamedDecl>(declaration);
  if (named != nullptr && (named->getIdentifier() != nullptr || llvm::isa<clang::TagDecl>(named))) take(*named);
  if (!llvm::isa<clang::TagDecl>(declaration)) return;
  for (clang::Decl* inner : llvm::cast<clang::TagDecl>(declaration)->decls()) {
    if (llvm::isa<clang::TagDecl, clang::EnumConstantDecl>(inner)) take_names(inner, take);
  }
}

/// No warning is told, and a file that is read once is found where it is skipped; all others may mean something further
/// down. `line`: that holds a #pragma or a _Pragma.
bool is_harmless_pragma(llvm::StringRef line) {
  bool any = false;
  for (std::size_t at = line.find("ragma"); at != llvm::StringRef::npos; at = line.find("ragma", at + 1)) {
    const llvm::StringRef text = line.drop_front(at + 5).ltrim(" \t(\"");
    any = text.starts_with("GCC diagnostic") || text.starts_with("clang diagnostic") || text.rtrim() == "once" ||
          text.starts_with("isoaudit_next");
    if (!any) return false;
  }
  return any;
}

}  // namespace

HeadersAhead::HeadersAhead(clang::CompilerInstance& compiler, InProject in_project, void (*give_up)())
    : compiler_(compiler),
      preprocessor_(compiler.getPreprocessor()),
      sources_(compiler.getSourceManager()),
      in_project_(std::move(in_project)),
      give_up_(give_up) {
  const clang::LangOptions& language = preprocessor_.getLangOpts();
  refused_ = language.CPlusPlus || language.ObjC;
  preprocessor_.setTokenWatcher([this](const clang::Token& token) { this->token(token); });
}

bool HeadersAhead::end_block() {
  if (refused_ || state_ != State::reading || !is_between_declarations()) return false;
  take_declarations([](clang::NamedDecl&) {});
  open_.front().file = {};  // the next text that names headers has a file of its own
  return true;
}

void HeadersAhead::begin_unit() {
  for (const auto& [name, macro] : before_) {
    set_macro(preprocessor_, name, macro, sources_.getLocForStartOfFile(sources_.getMainFileID()));
  }
  trace_.begin_unit();
  state_ = State::unit;
}

template <class Take>
void HeadersAhead::take_declarations(Take take) {
  if (!compiler_.hasASTContext()) return;
  clang::TranslationUnitDecl* unit = compiler_.getASTContext().getTranslationUnitDecl();
  if (last_ != nullptr && !unit->containsDecl(last_)) {  // Clang took it away again: nobody knows what came behind it
    if (state_ == State::unit) give_up_();
    refused_ = true;
    return;
  }
  auto next = last_ == nullptr ? unit->decls_begin() : std::next(clang::DeclContext::decl_iterator(last_));
  for (; next != unit->decls_end(); ++next) {
    last_ = *next;
    if (last_->getLocation().isValid()) take_names(last_, take);
  }
}

void HeadersAhead::FileChanged(clang::SourceLocation location, FileChangeReason reason,
                               clang::SrcMgr::CharacteristicKind /*kind*/, clang::FileID previous) {
  if (reason != EnterFile && reason != ExitFile) return;
  if (state_ == State::before) {
    if (reason != ExitFile || previous != preprocessor_.getPredefinesFileID()) return;
    state_ = State::reading;
    open_.emplace_back().file = sources_.getMainFileID();
    take_declarations([](clang::NamedDecl&) {});
    return;
  }
  const clang::FileID file = sources_.getFileID(location);
  if (state_ == State::unit) {
    if (reason == EnterFile) enter_in_unit(file, location);
    return;
  }
  if (!is_between_declarations()) refused_ = true;
  if (open_.back().traced) {
    const std::size_t text = open_.back().text;
    take_declarations([&](clang::NamedDecl& declaration) {
      if (sources_.getFileID(sources_.getExpansionLoc(declaration.getLocation())) != open_.back().file) {
        refused_ = true;
      }
      if (declaration.getIdentifier() != nullptr) trace_.declares(text, declaration);
      auto* record = llvm::dyn_cast<clang::RecordDecl>(&declaration);
      if (record != nullptr && record->isCompleteDefinition() && record->getIdentifier() != nullptr) {
        trace_.texts()[text].completed.push_back(record);
      }
    });
  }
  if (reason == EnterFile) {
    enter_traced(file);
  } else if (open_.size() > 1) {
    open_.pop_back();
  }
}

void HeadersAhead::enter_traced(clang::FileID file) {
  if (open_.front().file.isInvalid()) {
    open_.front().file = file;
    return;
  }
  const clang::OptionalFileEntryRef entry = sources_.getFileEntryRefForID(file);
  // What is the project's is told in the order of the parse.
  if (!entry || in_project_(file)) {
    refused_ = true;
    return;
  }
  const std::size_t text = trace_.begin_text(&entry->getFileEntry());
  if (open_.back().traced) {
    trace_.texts()[open_.back().text].events.push_back(
        {.kind = TraceEvent::Kind::includes, .number = text, .file = *entry});
  }
  Open& open = open_.emplace_back();
  open.traced = true;
  open.text = text;
  open.file = file;
}

void HeadersAhead::enter_in_unit(clang::FileID file, clang::SourceLocation here) {
  const clang::OptionalFileEntryRef entry = sources_.getFileEntryRefForID(file);
  if (!entry) return;
  const std::vector<std::size_t>& texts = trace_.texts_of(&entry->getFileEntry());
  if (texts.empty()) return;
  if (!come_by(texts, here)) {
    // What says another thing each time is read again.
    if (guard_of(*entry, preprocessor_) != nullptr || is_read_once(*entry, preprocessor_)) give_up_();
    return;
  }
  static_cast<clang::Lexer*>(preprocessor_.getCurrentLexer())
      ->seek(static_cast<unsigned>(sources_.getBufferData(file).size()), true);
}

bool HeadersAhead::come_by(const std::vector<std::size_t>& texts, clang::SourceLocation here) {
  take_declarations([&](const clang::NamedDecl& declaration) {
    if (declaration.getIdentifier() != nullptr) trace_.unit_declares(declaration);
  });
  if (has_own_pragma_ || !is_between_declarations()) return false;
  return std::ranges::any_of(texts, [&](std::size_t text) { return trace_.replay(text, preprocessor_, here); });
}

void HeadersAhead::FileSkipped(const clang::FileEntryRef& file, const clang::Token& name,
                               clang::SrcMgr::CharacteristicKind /*kind*/) {
  const bool is_once = is_read_once(file, preprocessor_);
  if (state_ == State::reading) {
    if (!is_once && guard_of(file, preprocessor_) == nullptr) refused_ = true;  // nothing says why
    if (open_.back().traced) {
      trace_.texts()[open_.back().text].events.push_back({.kind = TraceEvent::Kind::skips, .file = file});
    }
  } else if (state_ == State::unit && is_once) {
    // Clang knows it from the parse ahead; the unit has perhaps not come by it.
    const std::vector<std::size_t>& texts = trace_.texts_of(&file.getFileEntry());
    if (texts.empty() || trace_.texts()[texts.front()].entered) return;
    if (!come_by(texts, name.getLocation())) give_up_();
  }
}

void HeadersAhead::asks(Name name) {
  if (state_ != State::reading || name == nullptr || !open_.back().traced) return;
  const clang::MacroInfo* macro = preprocessor_.getMacroInfo(name);
  const auto [known, is_new] = open_.back().asked.try_emplace(name, macro);
  if (!is_new && known->second == macro) return;
  known->second = macro;
  trace_.texts()[open_.back().text].events.push_back({.kind = TraceEvent::Kind::asks, .name = name, .macro = macro});
}

/// A name that is no macro is asked for too. Words of comments do no harm.
void HeadersAhead::asks_in(clang::SourceLocation directive, clang::SourceRange condition) {
  if (state_ != State::reading) return;
  const auto [file, begin] = sources_.getDecomposedExpansionLoc(directive);
  const auto [end_file, end] = sources_.getDecomposedExpansionLoc(condition.getEnd());
  const llvm::StringRef text = sources_.getBufferData(file);
  if (file != end_file || end < begin || end > text.size()) {
    refused_ = true;
    return;
  }
  // To the end of the line that the condition ends on, with the lines that are spliced to it.
  std::size_t stop = text.find('\n', end);
  while (stop < text.size() && text.slice(begin, stop).rtrim().ends_with("\\")) stop = text.find('\n', stop + 1);
  llvm::StringRef rest = text.slice(begin, stop);
  const auto is_word = [](char c) { return c == '_' || c == '$' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  while (!rest.empty()) {
    rest = rest.drop_until(is_word);
    const llvm::StringRef word = rest.take_while(is_word);
    rest = rest.drop_front(word.size());
    if (!word.empty() && rest.starts_with("\\")) refused_ = true;  // perhaps no more than the half of a word
    if (!word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) == 0) {
      asks(preprocessor_.getIdentifierInfo(word));
    }
  }
}

void HeadersAhead::changes(Name name, const clang::MacroInfo* before, const clang::MacroInfo* now) {
  if (state_ != State::reading) return;
  before_.try_emplace(name, before);
  Open& open = open_.back();
  if (!open.traced) return;
  trace_.texts()[open.text].events.push_back({.kind = TraceEvent::Kind::changes, .name = name, .macro = now});
  open.asked[name] = now;
}

void HeadersAhead::MacroExpands(const clang::Token& name, const clang::MacroDefinition& definition,
                                clang::SourceRange /*range*/, const clang::MacroArgs* /*arguments*/) {
  if (state_ != State::reading) return;
  asks(name.getIdentifierInfo());
  const clang::MacroInfo* macro = definition.getMacroInfo();
  if (macro == nullptr) return;
  if (macro->isBuiltinMacro() && name.getIdentifierInfo()->isStr("__COUNTER__")) refused_ = true;
  // What of it is no macro, and vanishes in a condition, no other callback tells.
  for (const clang::Token& part : macro->tokens()) asks(part.getIdentifierInfo());
}

void HeadersAhead::MacroDefined(const clang::Token& name, const clang::MacroDirective* directive) {
  changes(name.getIdentifierInfo(), state_of(directive->getPrevious()), directive->getMacroInfo());
}

void HeadersAhead::MacroUndefined(const clang::Token& name, const clang::MacroDefinition& definition,
                                  const clang::MacroDirective* /*undef*/) {
  changes(name.getIdentifierInfo(), definition.getMacroInfo(), nullptr);
}

void HeadersAhead::Defined(const clang::Token& name, const clang::MacroDefinition& /*definition*/,
                           clang::SourceRange /*range*/) {
  asks(name.getIdentifierInfo());
}

void HeadersAhead::Ifdef(clang::SourceLocation /*location*/, const clang::Token& name,
                         const clang::MacroDefinition& /*definition*/) {
  asks(name.getIdentifierInfo());
}

void HeadersAhead::Ifndef(clang::SourceLocation /*location*/, const clang::Token& name,
                          const clang::MacroDefinition& /*definition*/) {
  asks(name.getIdentifierInfo());
}

void HeadersAhead::Elifdef(clang::SourceLocation /*location*/, const clang::Token& name,
                           const clang::MacroDefinition& /*definition*/) {
  asks(name.getIdentifierInfo());
}

void HeadersAhead::Elifndef(clang::SourceLocation /*location*/, const clang::Token& name,
                            const clang::MacroDefinition& /*definition*/) {
  asks(name.getIdentifierInfo());
}

void HeadersAhead::If(clang::SourceLocation location, clang::SourceRange condition, ConditionValueKind /*value*/) {
  asks_in(location, condition);
}

void HeadersAhead::Elif(clang::SourceLocation location, clang::SourceRange condition, ConditionValueKind /*value*/,
                        clang::SourceLocation /*start*/) {
  asks_in(location, condition);
}

void HeadersAhead::PragmaDirective(clang::SourceLocation location, clang::PragmaIntroducerKind /*introducer*/) {
  if (state_ == State::before) return;
  const auto [file, offset] = sources_.getDecomposedLoc(sources_.getSpellingLoc(location));
  const llvm::StringRef line =
      sources_.getBufferData(file).drop_front(offset).take_until([](char c) { return c == '\n'; });
  if (is_harmless_pragma(line)) return;
  if (state_ == State::reading) refused_ = true;
  has_own_pragma_ = true;
}

void HeadersAhead::token(const clang::Token& token) {
  if (state_ == State::before) return;
  Name name = token.isAnnotation() ? nullptr : token.getIdentifierInfo();
  asks(name);
  const bool names_tag = awaits_tag_ && depth_ == tag_depth_;
  const bool after_star = after_star_;
  const bool is_body = follow(token);
  if (name == nullptr || token.isNot(clang::tok::identifier)) return;
  if (names_tag && !is_body && parentheses_ == 0) return;
  const Declared declared(name, names_tag);
  if (state_ == State::unit) {
    if (!trace_.is_ahead(declared, after_star)) return;
    // Bodies of other people's functions are not parsed.
    if (!is_body || in_project_(sources_.getFileID(sources_.getExpansionLoc(token.getLocation())))) give_up_();
    return;
  }
  Open& open = open_.back();
  if (is_body || !open.traced) return;
  const auto [known, is_new] = open.used.try_emplace(declared, trace_.count(declared));
  if (!is_new && known->second == trace_.count(declared)) return;
  // A use behind a star asks less than another.
  if (after_star && is_new) open.used.erase(declared);
  if (!after_star) known->second = trace_.count(declared);
  trace_.uses(open.text, declared, after_star);
}

bool HeadersAhead::follow(const clang::Token& token) {
  const clang::tok::TokenKind kind = token.getKind();
  if (depth_ == 0 && ends_declaration_) has_equal_ = awaits_tag_ = is_body_ = false;
  if (depth_ == 0 && kind == clang::tok::equal) has_equal_ = true;
  if (kind == clang::tok::kw_struct || kind == clang::tok::kw_union || kind == clang::tok::kw_enum) {
    awaits_tag_ = true;
    tag_depth_ = depth_;
  } else if (kind == clang::tok::identifier && depth_ == tag_depth_) {
    awaits_tag_ = false;
  }
  if (kind == clang::tok::l_brace || kind == clang::tok::l_paren || kind == clang::tok::l_square) {
    // Not that of an initialiser, and not the members of a struct that has attributes.
    if (kind == clang::tok::l_brace && depth_ == 0) is_body_ = after_parenthesis_ && !has_equal_ && !awaits_tag_;
    if (kind == clang::tok::l_brace && depth_ == tag_depth_) awaits_tag_ = false;
    ++depth_;
  } else if (kind == clang::tok::r_brace || kind == clang::tok::r_paren || kind == clang::tok::r_square) {
    --depth_;
  }
  if (kind == clang::tok::l_paren) ++parentheses_;
  if (kind == clang::tok::r_paren) --parentheses_;
  ends_declaration_ = depth_ == 0 && (kind == clang::tok::semi || (kind == clang::tok::r_brace && is_body_));
  after_parenthesis_ = kind == clang::tok::r_paren;
  after_star_ = kind == clang::tok::star;
  return is_body_ && depth_ > 0;
}

}  // namespace isoaudit::analyzer
