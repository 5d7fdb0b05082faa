#pragma once

#include <clang/Frontend/CompilerInstance.h>
#include <clang/Lex/PPCallbacks.h>
#include <clang/Lex/Preprocessor.h>
#include <llvm/ADT/DenseMap.h>

#include <functional>
#include <vector>

#include "analyzer/source/header_trace.h"

namespace isoaudit::analyzer {

/// Headers are parsed before the unit, whatever stands before them there, and the unit's own text behind them is read
/// as if they were not: where it includes one of them, that header's trace is replayed instead of its text. So the unit
/// is preprocessed in its own order. What the parser has seen in another order is found out by name: no text may use a
/// name that one of the headers declares elsewhere than where the unit's own order has it. C only: in C++ the meaning
/// of a name hangs on more. `give_up` is called when it cannot be proved that all is as in the unit's own order.
class HeadersAhead : public clang::PPCallbacks {
 public:
  using InProject = std::function<bool(clang::FileID)>;
  HeadersAhead(clang::CompilerInstance& compiler, InProject in_project, void (*give_up)());

  /// The text that names headers is at its end. False when they cannot be moved.
  bool end_block();
  /// What follows is the unit, from its first byte.
  void begin_unit();

  void FileChanged(clang::SourceLocation location, FileChangeReason reason, clang::SrcMgr::CharacteristicKind kind,
                   clang::FileID previous) override;
  void FileSkipped(const clang::FileEntryRef& file, const clang::Token& name,
                   clang::SrcMgr::CharacteristicKind kind) override;
  void MacroExpands(const clang::Token& name, const clang::MacroDefinition& definition, clang::SourceRange range,
                    const clang::MacroArgs* arguments) override;
  void MacroDefined(const clang::Token& name, const clang::MacroDirective* directive) override;
  void MacroUndefined(const clang::Token& name, const clang::MacroDefinition& definition,
                      const clang::MacroDirective* undef) override;
  void Defined(const clang::Token& name, const clang::MacroDefinition& definition, clang::SourceRange range) override;
  void Ifdef(clang::SourceLocation location, const clang::Token& name,
             const clang::MacroDefinition& definition) override;
  void Ifndef(clang::SourceLocation location, const clang::Token& name,
              const clang::MacroDefinition& definition) override;
  void Elifdef(clang::SourceLocation location, const clang::Token& name,
               const clang::MacroDefinition& definition) override;
  void Elifndef(clang::SourceLocation location, const clang::Token& name,
                const clang::MacroDefinition& definition) override;
  void If(clang::SourceLocation location, clang::SourceRange condition, ConditionValueKind value) override;
  void Elif(clang::SourceLocation location, clang::SourceRange condition, ConditionValueKind value,
            clang::SourceLocation start) override;
  void PragmaDirective(clang::SourceLocation location, clang::PragmaIntroducerKind introducer) override;

 private:
  enum class State { before, reading, unit };
  /// A file that is being read; the text that names headers has no trace.
  struct Open {
    bool traced = false;
    std::size_t text = 0;
    clang::FileID file{};
    llvm::DenseMap<Name, const clang::MacroInfo*> asked{};
    llvm::DenseMap<Declared, std::size_t> used{};
  };

  void asks(Name name);
  void asks_in(clang::SourceLocation directive, clang::SourceRange condition);
  void changes(Name name, const clang::MacroInfo* before, const clang::MacroInfo* now);
  void enter_traced(clang::FileID file);
  void enter_in_unit(clang::FileID file, clang::SourceLocation here);
  /// False when the texts are no reading of what stands here.
  bool come_by(const std::vector<std::size_t>& texts, clang::SourceLocation here);
  void token(const clang::Token& token);
  /// Where in a declaration the parser stands. True while a function's body is read.
  bool follow(const clang::Token& token);
  /// Declarations since the last time, by name.
  template <class Take>
  void take_declarations(Take take);
  bool is_between_declarations() const { return depth_ == 0 && ends_declaration_; }

  clang::CompilerInstance& compiler_;
  clang::Preprocessor& preprocessor_;
  clang::SourceManager& sources_;
  InProject in_project_;
  void (*give_up_)();
  State state_ = State::before;
  bool refused_ = false;
  HeaderTrace trace_{};
  std::vector<Open> open_{};
  /// What the headers changed, and how it stood before the first of them.
  llvm::DenseMap<Name, const clang::MacroInfo*> before_{};
  clang::Decl* last_ = nullptr;
  bool has_own_pragma_ = false;
  // Where the parser stands.
  int depth_ = 0;
  int parentheses_ = 0;
  bool ends_declaration_ = true;
  bool is_body_ = false;
  bool after_parenthesis_ = false;
  bool has_equal_ = false;
  bool awaits_tag_ = false;
  int tag_depth_ = 0;  ///< where the word stands that a tag is to follow
  bool after_star_ = false;
};

}  // namespace isoaudit::analyzer
