#pragma once

#include <clang/Frontend/CompilerInstance.h>
#include <clang/Lex/PPCallbacks.h>
#include <clang/Lex/Preprocessor.h>
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringSet.h>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/source/header_names.h"

namespace isoaudit::analyzer {

/// Other people's headers are parsed ahead of units that include them in orders of their own, behind macros of their
/// own, or not at all. A unit is read from its own first line; where it includes such a header, Clang skips it, as it
/// skips any that was read before. Until then what the header brought is hidden:
/// - Its macros are not defined, where all there is to know of one is that it was not, and is from that header on. The
///   others are poisoned: a unit that names one is given up.
/// - Its structs are incomplete.
/// - Other names cannot mean something else in C where they mean anything without the header: one that it declares is
///   an error before, and so is a second meaning; a unit with errors is given up as long as something is hidden.
/// And when it comes, it has to find each macro that it names as it found it ahead, in whatever order headers come.
/// Not seen is a macro's name that is pasted together. C only: in C++ what a name means hangs on more. Whoever is given
/// up is parsed alone.
class HeadersAhead : public clang::PPCallbacks {
 public:
  /// `in_project`: such headers have findings, and are not to be read ahead.
  HeadersAhead(clang::CompilerInstance& compiler, std::function<bool(clang::FileID)> in_project,
               std::function<void()> give_up);

  /// What follows is read ahead: directives that lead to Python.h.
  void begin();
  /// And from here on, what the units may include behind it in any order.
  void begin_behind();
  /// All is read. Hides what was read since begin_behind().
  void end();
  /// Hides the rest as well, and takes back what the directives before Python.h defined: the units that come of this
  /// process begin with their first line.
  void hide_all(clang::SourceLocation here);
  void begin_unit();
  /// The unit's own -I, all of them. Gives up when a header that was read ahead could be another one's there.
  void search(const std::vector<std::string>& folders);
  /// The unit's own -D are read. Gives up when a header that came before them asks for one.
  void check_command();
  /// The unit is parsed. Gives up when what it brought, or its errors, may not be what it brings alone.
  void end_unit(bool has_errors);

  void FileChanged(clang::SourceLocation location, FileChangeReason reason, clang::SrcMgr::CharacteristicKind kind,
                   clang::FileID previous) override;
  void FileSkipped(const clang::FileEntryRef& file, const clang::Token& name,
                   clang::SrcMgr::CharacteristicKind kind) override;
  void InclusionDirective(clang::SourceLocation hash, const clang::Token& include, llvm::StringRef name, bool angled,
                          clang::CharSourceRange range, clang::OptionalFileEntryRef file, llvm::StringRef search_path,
                          llvm::StringRef relative_path, const clang::Module* suggested, bool imported,
                          clang::SrcMgr::CharacteristicKind kind) override;
  void HasInclude(clang::SourceLocation location, llvm::StringRef name, bool angled, clang::OptionalFileEntryRef file,
                  clang::SrcMgr::CharacteristicKind kind) override;
  void MacroDefined(const clang::Token& name, const clang::MacroDirective* directive) override;
  void MacroUndefined(const clang::Token& name, const clang::MacroDefinition& definition,
                      const clang::MacroDirective* undef) override;
  void MacroExpands(const clang::Token& name, const clang::MacroDefinition& definition, clang::SourceRange range,
                    const clang::MacroArgs* arguments) override;
  void Defined(const clang::Token& name, const clang::MacroDefinition& definition, clang::SourceRange range) override;
  void Ifdef(clang::SourceLocation location, const clang::Token& name,
             const clang::MacroDefinition& definition) override;
  void Ifndef(clang::SourceLocation location, const clang::Token& name,
              const clang::MacroDefinition& definition) override;
  void SourceRangeSkipped(clang::SourceRange range, clang::SourceLocation end) override;
  void PragmaDirective(clang::SourceLocation location, clang::PragmaIntroducerKind introducer) override;

 private:
  using Name = clang::IdentifierInfo*;
  using Headers = std::vector<std::size_t>;
  enum class State { off, base, behind, unit };
  static constexpr std::size_t not_yet = static_cast<std::size_t>(-1);

  /// Numbered in the order in which they were first come by.
  struct Header {
    clang::FileEntryRef file;
    bool is_base = false;
    std::size_t arrival = not_yet;
    bool is_read_twice = false;  ///< ahead, and where it came
    Headers includes{};
    std::vector<clang::TagDecl*> definitions{};
    /// Macros that it changes: once all is read, those that are not what they were before it, sorted.
    std::vector<Name> macros{};
    /// Macros of others that come to those through their bodies.
    std::vector<Name> users{};
    /// Others that change a macro which it names: these two have to come in the order of here.
    Headers changers{};
    /// What no reading of it looked at, as offsets.
    SkippedRanges skipped{};
    unsigned readings = 0;
    /// Macros that it expanded or asked for, and all names that it comes to at all, through macros too: one that was no
    /// macro may be one in another order.
    llvm::DenseSet<Name> asked{};
    HeaderNames named{};
  };

  /// Until all have come that change it.
  struct HiddenMacro {
    Headers changers{};
    bool is_undefined = false;  ///< else poisoned
  };

  bool has_all() const { return arrived_ == headers_.size(); }
  bool is_reading() const { return state_ == State::base || state_ == State::behind; }
  bool is_same(const clang::MacroInfo* one, const clang::MacroInfo* other) const;
  bool has_header_read(const std::string& folder);
  std::size_t number_of(clang::FileEntryRef file);
  std::size_t number_at(clang::SourceLocation location) const;
  std::size_t read_again(std::size_t header);
  llvm::StringRef text_of(std::size_t header) const;
  bool changes(std::size_t header, Name name) const;
  void asks(const clang::Token& name);
  void changes_macro(Name name, const clang::MacroInfo* before);
  void drop_unchanged();
  void take_declarations();
  void take_definitions_in(clang::Decl& declaration);
  void spread_changes();
  void find_names(std::size_t number);
  void find_changers();
  void hide(bool base);
  bool was_undefined(Name name, const HiddenMacro& hidden) const;
  bool is_undefined(Name name) const;
  bool has_come(const HiddenMacro& hidden) const;
  void show(const Headers& come);
  void come_by(std::size_t header, Headers& come);
  void arrive(std::size_t header, bool is_read);
  bool is_in_order(const Headers& come, bool has_base) const;
  bool finds_its_macros(const Headers& come);

  clang::CompilerInstance& compiler_;
  clang::Preprocessor& preprocessor_;
  clang::SourceManager& sources_;
  std::function<bool(clang::FileID)> in_project_;
  std::function<void()> give_up_;
  State state_ = State::off;
  clang::Decl* last_ = nullptr;
  std::vector<Header> headers_{};
  llvm::DenseMap<const clang::FileEntry*, std::size_t> numbers_{};
  std::size_t here_ = not_yet;      ///< that is being read
  std::size_t includer_ = not_yet;  ///< of the header that is met next
  std::size_t base_ = 0;            ///< how many headers that is
  std::size_t arrived_ = 0;
  /// The first parts of all names that headers were asked for by.
  llvm::StringSet<> spelled_{};
  /// Macros that the directives before the base changed, and what they were before.
  llvm::DenseMap<Name, const clang::MacroInfo*> preamble_{};
  /// Macros that headers changed, of the base or behind it, and what they were before the first of them.
  llvm::DenseMap<Name, const clang::MacroInfo*> before_{};
  /// Macros that were changed when they were something already.
  llvm::DenseSet<Name> known_{};
  llvm::DenseMap<Name, HiddenMacro> hidden_{};
  /// Macros that the unit changed: as the headers found them.
  llvm::DenseMap<Name, const clang::MacroInfo*> found_{};
  /// Of the unit: what a header would stand under.
  unsigned own_packs_ = 0;
  bool has_own_pragma_ = false;
  bool has_read_twice_ = false;
};

}  // namespace isoaudit::analyzer
