#include "analyzer/source/headers_ahead.h"

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>
#include <clang/Frontend/Utils.h>
#include <clang/Lex/HeaderSearchOptions.h>
#include <clang/Lex/MacroInfo.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/Support/Path.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "analyzer/source/header_names.h"

namespace isoaudit::analyzer {
namespace {

/// Changes whatever has its name, with no parenthesis behind it.
bool is_plain_macro(const clang::MacroInfo* macro) { return macro != nullptr && macro->isObjectLike(); }

/// Says nothing that holds beyond its own file.
bool is_harmless_pragma(llvm::StringRef line) {
  line = line.ltrim(" \t");
  line.consume_front("#");
  line = line.ltrim(" \t");
  line.consume_front("pragma");
  line = line.trim(" \t\r");
  return line == "once" || line.starts_with("GCC system_header") || line.starts_with("GCC diagnostic") ||
         line.starts_with("clang diagnostic") || line.starts_with("GCC visibility") || line.starts_with("isoaudit_");
}

}  // namespace

HeadersAhead::HeadersAhead(clang::CompilerInstance& compiler, std::function<bool(clang::FileID)> in_project,
                           std::function<void()> give_up)
    : compiler_(compiler),
      preprocessor_(compiler.getPreprocessor()),
      sources_(compiler.getSourceManager()),
      in_project_(std::move(in_project)),
      give_up_(std::move(give_up)) {}

bool HeadersAhead::is_same(const clang::MacroInfo* one, const clang::MacroInfo* other) const {
  if (one == nullptr || other == nullptr) return one == other;
  return one == other || one->isIdenticalTo(*other, preprocessor_, true);
}

void HeadersAhead::begin() {
  take_declarations();  // the command's own
  state_ = State::base;
}

void HeadersAhead::begin_behind() {
  take_declarations();
  drop_unchanged();
  before_.clear();
  base_ = headers_.size();
  state_ = State::behind;
}

void HeadersAhead::end() {
  take_declarations();
  state_ = State::off;
  drop_unchanged();
  spread_changes();
  find_changers();
  for (std::size_t i = 0; i < base_; ++i) headers_[i].arrival = arrived_++;
  hide(false);
}

/// Macros that are what they were: only headers between their change and its end found it.
void HeadersAhead::drop_unchanged() {
  for (Header& header : llvm::drop_begin(headers_, base_)) {
    llvm::sort(header.macros);
    header.macros.erase(std::unique(header.macros.begin(), header.macros.end()), header.macros.end());
    llvm::erase_if(header.macros,
                   [&](Name name) { return is_same(before_.lookup(name), preprocessor_.getMacroInfo(name)); });
  }
}

bool HeadersAhead::changes(std::size_t header, Name name) const {
  return std::ranges::binary_search(headers_[header].macros, name);
}

void HeadersAhead::hide_all(clang::SourceLocation here) {
  for (std::size_t i = 0; i < base_; ++i) {
    headers_[i].arrival = not_yet;
    find_names(i);  // once, and not in each unit that defines a macro before it includes them
  }
  arrived_ = 0;
  hide(true);
  for (const auto& [name, before] : preamble_) {
    found_[name] = preprocessor_.getMacroInfo(name);
    if (before != nullptr) {
      preprocessor_.appendDefMacroDirective(name, const_cast<clang::MacroInfo*>(before));
    } else {
      auto* undefined = new (preprocessor_.getPreprocessorAllocator()) clang::UndefMacroDirective(here);
      preprocessor_.appendMacroDirective(name, undefined);
    }
  }
}

void HeadersAhead::begin_unit() { state_ = State::unit; }

void HeadersAhead::check_command() {
  Headers come;
  for (std::size_t number = 0; number < base_; ++number) {
    if (headers_[number].arrival != not_yet) come.push_back(number);
  }
  if (!finds_its_macros(come)) give_up_();
}

void HeadersAhead::search(const std::vector<std::string>& folders) {
  clang::HeaderSearchOptions& options = compiler_.getHeaderSearchOpts();
  const auto is_told = [](const auto& entry) { return entry.Group == clang::frontend::Angled; };
  std::vector<clang::HeaderSearchOptions::Entry> entries;
  for (const std::string& folder : folders) {
    const bool is_known =
        llvm::any_of(options.UserEntries, [&](const auto& entry) { return is_told(entry) && entry.Path == folder; });
    if (!is_known && has_header_read(folder)) return give_up_();
    entries.emplace_back(folder, clang::frontend::Angled, false, true);
  }
  llvm::copy_if(options.UserEntries, std::back_inserter(entries), [&](const auto& entry) { return !is_told(entry); });
  options.UserEntries = std::move(entries);
  clang::ApplyHeaderSearchOptions(preprocessor_.getHeaderSearchInfo(), options, preprocessor_.getLangOpts(),
                                  preprocessor_.getTargetInfo().getTriple());
}

void HeadersAhead::end_unit(bool has_errors) {
  if (state_ != State::unit) return;
  if (has_errors && (!has_all() || has_read_twice_)) give_up_();
  if (!has_read_twice_) return;
  for (const clang::Decl* own = last_->getNextDeclInContext(); own != nullptr; own = own->getNextDeclInContext()) {
    const std::size_t number = number_at(own->getLocation());
    if (number != not_yet && headers_[number].is_read_twice) give_up_();
  }
}

/// Under a name that was looked for ahead. Where no such folder comes between, what was found then is found again.
bool HeadersAhead::has_header_read(const std::string& folder) {
  llvm::vfs::FileSystem& files = compiler_.getVirtualFileSystem();
  std::error_code error;
  for (auto file = files.dir_begin(folder, error); !error && file != llvm::vfs::directory_iterator();
       file.increment(error)) {
    if (spelled_.contains(llvm::sys::path::filename(file->path()))) return true;
  }
  return false;
}

std::size_t HeadersAhead::number_of(clang::FileEntryRef file) {
  const auto [known, is_new] = numbers_.try_emplace(&file.getFileEntry(), headers_.size());
  if (is_new) headers_.push_back({.file = file, .is_base = state_ == State::base});
  return known->second;
}

std::size_t HeadersAhead::number_at(clang::SourceLocation location) const {
  const clang::OptionalFileEntryRef file =
      sources_.getFileEntryRefForID(sources_.getFileID(sources_.getExpansionLoc(location)));
  const auto known = file ? numbers_.find(&file->getFileEntry()) : numbers_.end();
  return known == numbers_.end() ? not_yet : known->second;
}

/// <stddef.h> brings more to one who asks for more: that is a header of its own.
std::size_t HeadersAhead::read_again(std::size_t header) {
  const std::size_t again = headers_.size();
  headers_.push_back({.file = headers_[header].file});
  numbers_[&headers_[header].file.getFileEntry()] = again;
  if (includer_ != not_yet) headers_[includer_].includes.back() = again;
  return again;
}

llvm::StringRef HeadersAhead::text_of(std::size_t header) const {
  const auto buffer = sources_.getMemoryBufferForFileOrNone(headers_[header].file);
  return buffer ? buffer->getBuffer() : llvm::StringRef();
}

void HeadersAhead::take_declarations() {
  clang::TranslationUnitDecl* unit = compiler_.getASTContext().getTranslationUnitDecl();
  auto next = last_ == nullptr ? unit->decls_begin() : std::next(clang::DeclContext::decl_iterator(last_));
  for (; next != unit->decls_end(); ++next) {
    last_ = *next;
    if (is_reading()) take_definitions_in(*last_);
  }
}

void HeadersAhead::take_definitions_in(clang::Decl& declaration) {
  auto* tag = llvm::dyn_cast<clang::TagDecl>(&declaration);
  if (tag == nullptr || !tag->isCompleteDefinition()) return;
  const std::size_t number = number_at(tag->getLocation());
  if (number != not_yet) headers_[number].definitions.push_back(tag);
  // In C those among a struct's members are known outside of it.
  for (clang::Decl* member : tag->decls()) take_definitions_in(*member);
}

/// A macro that comes to a changed one through its body changes with it, where that name meant something before.
void HeadersAhead::spread_changes() {
  llvm::DenseMap<Name, llvm::SmallVector<Name, 4>> users;
  for (const auto& [name, state] : preprocessor_.macros(false)) {
    const clang::MacroInfo* macro = preprocessor_.getMacroInfo(name);
    if (macro == nullptr) continue;
    for (const clang::Token& part : macro->tokens()) {
      if (part.getIdentifierInfo() != nullptr) users[part.getIdentifierInfo()].push_back(const_cast<Name>(name));
    }
  }
  for (std::size_t i = base_; i < headers_.size(); ++i) {
    llvm::SetVector<Name> changed(headers_[i].macros.begin(), headers_[i].macros.end());
    changed.remove_if([&](Name name) { return before_.lookup(name) == nullptr && name->getFETokenInfo() == nullptr; });
    for (std::size_t at = 0; at < changed.size(); ++at) {
      for (Name user : users.lookup(changed[at])) {
        const clang::MacroInfo* macro = preprocessor_.getMacroInfo(user);
        if (macro != nullptr && number_at(macro->getDefinitionLoc()) != i) changed.insert(user);
      }
    }
    llvm::copy_if(changed, std::back_inserter(headers_[i].users), [&](Name name) { return !changes(i, name); });
  }
}

void HeadersAhead::find_names(std::size_t number) {
  Header& header = headers_[number];
  if (!header.named.all.empty()) return;
  // What one reading skipped another may have looked at.
  if (header.readings != 1) header.skipped.clear();
  header.named = names_in(text_of(number), header.skipped, preprocessor_);
}

void HeadersAhead::find_changers() {
  llvm::DenseMap<Name, Headers> changers;
  for (std::size_t i = base_; i < headers_.size(); ++i) {
    for (Name name : headers_[i].macros) changers[name].push_back(i);
  }
  for (std::size_t i = base_; i < headers_.size(); ++i) {
    find_names(i);
    Headers own;
    come_by(i, own);
    for (const auto& [name, found] : changers) {
      for (const std::size_t changer : found) {
        const llvm::DenseSet<Name>& names = changer < i ? headers_[i].asked : headers_[i].named.all;
        if (names.contains(name) && !llvm::is_contained(own, changer)) headers_[i].changers.push_back(changer);
      }
    }
    llvm::sort(headers_[i].changers);
  }
}

void HeadersAhead::hide(bool base) {
  for (std::size_t i = base ? 0 : base_; i < (base ? base_ : headers_.size()); ++i) {
    for (clang::TagDecl* definition : headers_[i].definitions) definition->setCompleteDefinition(false);
    for (Name name : headers_[i].macros) hidden_[name].changers.push_back(i);
    for (Name name : headers_[i].users) hidden_[name].changers.push_back(i);
  }
  for (auto& [name, hidden] : hidden_) {
    llvm::sort(hidden.changers);
    if (hidden.is_undefined) name->setHasMacroDefinition(true);
    hidden.is_undefined = was_undefined(name, hidden);
    if (hidden.is_undefined) name->setHasMacroDefinition(false);
    name->setIsPoisoned(!hidden.is_undefined);
  }
}

/// Then it is so again. Not a guard: by that Clang knows whom to skip.
bool HeadersAhead::was_undefined(Name name, const HiddenMacro& hidden) const {
  const Header& changer = headers_[hidden.changers.front()];
  return hidden.changers.size() == 1 && !known_.contains(name) && changes(hidden.changers.front(), name) &&
         preprocessor_.isMacroDefined(name) &&
         preprocessor_.getHeaderSearchInfo().getFileInfo(changer.file).getControllingMacro(nullptr) != name;
}

bool HeadersAhead::is_undefined(Name name) const {
  const auto hidden = hidden_.find(name);
  return hidden != hidden_.end() && hidden->second.is_undefined && !has_come(hidden->second);
}

/// Whole, and as it was ahead: by the one who changed it last there.
bool HeadersAhead::has_come(const HiddenMacro& hidden) const {
  return llvm::all_of(hidden.changers, [&](std::size_t header) { return headers_[header].arrival != not_yet; }) &&
         llvm::is_sorted(hidden.changers, [&](std::size_t one, std::size_t other) {
           return headers_[one].arrival < headers_[other].arrival;
         });
}

void HeadersAhead::show(const Headers& come) {
  const auto show_macro = [&](Name name) {
    const HiddenMacro& hidden = hidden_.find(name)->second;
    if (!has_come(hidden)) return;
    if (hidden.is_undefined) name->setHasMacroDefinition(true);
    name->setIsPoisoned(false);
  };
  for (const std::size_t number : come) {
    for (clang::TagDecl* definition : headers_[number].definitions) definition->setCompleteDefinition(true);
    llvm::for_each(headers_[number].macros, show_macro);
    llvm::for_each(headers_[number].users, show_macro);
  }
}

/// `header` and all that it includes and that has not come yet, in the order of their first lines.
void HeadersAhead::come_by(std::size_t header, Headers& come) {
  if (headers_[header].arrival != not_yet || llvm::is_contained(come, header)) return;
  come.push_back(header);
  for (const std::size_t include : headers_[header].includes) come_by(include, come);
}

void HeadersAhead::arrive(std::size_t header, bool is_read) {
  const bool has_base = std::all_of(headers_.begin(), headers_.begin() + static_cast<std::ptrdiff_t>(base_),
                                    [](const Header& read) { return read.arrival != not_yet; });
  Headers come;
  come_by(header, come);
  for (const std::size_t number : come) headers_[number].arrival = arrived_++;
  const bool hides_nothing = llvm::all_of(come, [&](std::size_t number) {
    return headers_[number].definitions.empty() && headers_[number].macros.empty();
  });
  // <stddef.h>, asked once more for what is there anyway.
  if (hides_nothing && is_read) return;
  if (is_read) headers_[header].is_read_twice = has_read_twice_ = true;
  const bool is_under_pragma = has_own_pragma_ || own_packs_ != 0;
  if (is_under_pragma || !is_in_order(come, has_base) || !finds_its_macros(come)) return give_up_();
  show(come);
}

/// The base comes before all others, and in its own order; of the others only those that ask each other something.
bool HeadersAhead::is_in_order(const Headers& come, bool has_base) const {
  const std::size_t last = *llvm::max_element(come);
  if (last >= base_ && !has_base) return false;
  for (std::size_t number = 0; number < std::min(base_, last); ++number) {
    if (headers_[number].arrival == not_yet) return false;
  }
  return llvm::all_of(come, [&](std::size_t number) {
    return llvm::all_of(headers_[number].changers, [&](std::size_t changer) {
      return (changer < number) == (headers_[changer].arrival < headers_[number].arrival);
    });
  });
}

bool HeadersAhead::finds_its_macros(const Headers& come) {
  return llvm::all_of(found_, [&](const auto& entry) {
    const auto& [name, found] = entry;
    // Defined by the unit, and taken back perhaps: it cannot be shown as the header left it.
    const auto hidden = hidden_.find(name);
    const bool is_ours = hidden != hidden_.end() && hidden->second.is_undefined;
    if (is_ours && llvm::is_contained(come, hidden->second.changers.front())) return false;
    const clang::MacroInfo* now = preprocessor_.getMacroInfo(name);
    if (is_same(found, now)) return true;
    const bool is_plain = is_plain_macro(found) || is_plain_macro(now);
    return llvm::none_of(come, [&](std::size_t number) {
      if (changes(number, name)) return true;
      find_names(number);
      const HeaderNames& named = headers_[number].named;
      return (is_plain ? named.all : named.called).contains(name);
    });
  });
}

void HeadersAhead::changes_macro(Name name, const clang::MacroInfo* before) {
  if (state_ == State::off) return;
  if (state_ == State::unit) {
    if (here_ != not_yet && headers_[here_].is_read_twice) give_up_();
    if (!has_all()) found_.try_emplace(name, is_undefined(name) ? nullptr : before);
    return;
  }
  before_.try_emplace(name, before);
  if (before != nullptr) known_.insert(name);
  if (here_ != not_yet) {
    headers_[here_].macros.push_back(name);
  } else {
    preamble_.try_emplace(name, before);
  }
}

void HeadersAhead::FileChanged(clang::SourceLocation location, FileChangeReason reason,
                               clang::SrcMgr::CharacteristicKind /*kind*/, clang::FileID /*previous*/) {
  here_ = number_at(location);
  if (reason != EnterFile || state_ == State::off || here_ == not_yet) return;
  if (is_reading() && in_project_(sources_.getFileID(location))) return give_up_();
  if (state_ == State::behind && headers_[here_].is_base) here_ = read_again(here_);
  ++headers_[here_].readings;
  // One with a guard that Clang does not know as such. It finds all of its own done and leaves it, or is given up.
  if (state_ == State::unit && headers_[here_].arrival == not_yet) arrive(here_, true);
}

void HeadersAhead::InclusionDirective(clang::SourceLocation /*hash*/, const clang::Token& /*include*/,
                                      llvm::StringRef name, bool /*angled*/, clang::CharSourceRange /*range*/,
                                      clang::OptionalFileEntryRef file, llvm::StringRef /*search_path*/,
                                      llvm::StringRef /*relative_path*/, const clang::Module* /*suggested*/,
                                      bool /*imported*/, clang::SrcMgr::CharacteristicKind /*kind*/) {
  if (!is_reading()) return;
  spelled_.insert(*llvm::sys::path::begin(name));
  if (!file) return;
  includer_ = here_;
  const std::size_t to = number_of(*file);
  if (here_ != not_yet) headers_[here_].includes.push_back(to);
}

void HeadersAhead::HasInclude(clang::SourceLocation /*location*/, llvm::StringRef name, bool /*angled*/,
                              clang::OptionalFileEntryRef /*file*/, clang::SrcMgr::CharacteristicKind /*kind*/) {
  if (is_reading()) spelled_.insert(*llvm::sys::path::begin(name));
}

void HeadersAhead::FileSkipped(const clang::FileEntryRef& file, const clang::Token& /*name*/,
                               clang::SrcMgr::CharacteristicKind /*kind*/) {
  if (state_ != State::unit) return;
  const auto known = numbers_.find(&file.getFileEntry());
  if (known != numbers_.end() && headers_[known->second].arrival == not_yet) arrive(known->second, false);
}

void HeadersAhead::MacroDefined(const clang::Token& name, const clang::MacroDirective* directive) {
  const clang::MacroDirective* previous = directive->getPrevious();
  changes_macro(name.getIdentifierInfo(),
                previous == nullptr || !previous->isDefined() ? nullptr : previous->getMacroInfo());
}

void HeadersAhead::MacroUndefined(const clang::Token& name, const clang::MacroDefinition& definition,
                                  const clang::MacroDirective* /*undef*/) {
  changes_macro(name.getIdentifierInfo(), definition.getMacroInfo());
}

void HeadersAhead::MacroExpands(const clang::Token& name, const clang::MacroDefinition& definition,
                                clang::SourceRange /*range*/, const clang::MacroArgs* /*arguments*/) {
  asks(name);
  if (!is_reading() || definition.getMacroInfo() == nullptr || !definition.getMacroInfo()->isBuiltinMacro()) return;
  if (name.getIdentifierInfo()->isStr("__COUNTER__")) give_up_();
}

void HeadersAhead::asks(const clang::Token& name) {
  if (state_ == State::behind && here_ != not_yet) headers_[here_].asked.insert(name.getIdentifierInfo());
}

void HeadersAhead::Defined(const clang::Token& name, const clang::MacroDefinition& /*definition*/,
                           clang::SourceRange /*range*/) {
  asks(name);
}

void HeadersAhead::Ifdef(clang::SourceLocation /*location*/, const clang::Token& name,
                         const clang::MacroDefinition& /*definition*/) {
  asks(name);
}

void HeadersAhead::Ifndef(clang::SourceLocation /*location*/, const clang::Token& name,
                          const clang::MacroDefinition& /*definition*/) {
  asks(name);
}

void HeadersAhead::SourceRangeSkipped(clang::SourceRange range, clang::SourceLocation /*end*/) {
  if (!is_reading() || here_ == not_yet) return;
  headers_[here_].skipped.emplace_back(sources_.getFileOffset(range.getBegin()),
                                       sources_.getFileOffset(range.getEnd()));
}

void HeadersAhead::PragmaDirective(clang::SourceLocation location, clang::PragmaIntroducerKind introducer) {
  // _Pragma stands in macros, beside what it is for.
  if (state_ == State::off || introducer != clang::PIK_HashPragma) return;
  const auto [file, offset] = sources_.getDecomposedLoc(sources_.getSpellingLoc(location));
  const llvm::StringRef line =
      sources_.getBufferData(file).drop_front(offset).take_until([](char c) { return c == '\n'; });
  if (is_harmless_pragma(line)) return;
  if (state_ == State::behind) return give_up_();
  if (state_ != State::unit) return;
  if (line.contains("pack(push")) {
    ++own_packs_;
  } else if (line.contains("pack(pop") && own_packs_ != 0) {
    --own_packs_;
  } else {
    has_own_pragma_ = true;
  }
}

}  // namespace isoaudit::analyzer
