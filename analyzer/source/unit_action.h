#pragma once

#include <clang/Basic/Diagnostic.h>
#include <clang/Frontend/FrontendAction.h>

#include <functional>
#include <memory>
#include <string>

#include "analyzer/source/project_files.h"
#include "analyzer/source/unit_facts.h"
#include "analyzer/source/users_names.h"

namespace isoaudit::analyzer {

/// Keeps the first error, or the first missing header when there is one, and counts the others.
class FirstError : public clang::DiagnosticConsumer {
 public:
  explicit FirstError(const ProjectFiles& project) : project_(project) {}

  void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& diagnostic) override;

  /// "does not compile: a.c:3: ..."; empty without errors.
  std::string failure() const;
  unsigned count() const { return count_; }

 private:
  const ProjectFiles& project_;
  std::string text_{};
  bool is_missing_header_ = false;
  unsigned count_ = 0;
};

class FactConsumer;

/// Parses and brings `facts`; the unit's name in them is read when the parse is at its end.
class FactAction : public clang::ASTFrontendAction {
 public:
  /// `begin` may prepare the preprocessor; it may be empty.
  FactAction(const ProjectFiles& project, const UsersNames& names, UnitFacts& facts,
             std::function<void(clang::CompilerInstance&)> begin)
      : project_(project), names_(names), facts_(facts), begin_(std::move(begin)) {}

  /// Looks at the declarations that were parsed so far, so that no process that is forked from here on has to.
  void look_ahead();

 protected:
  bool BeginSourceFileAction(clang::CompilerInstance& compiler) override;
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler,
                                                        llvm::StringRef file) override;

 private:
  const ProjectFiles& project_;
  const UsersNames& names_;
  UnitFacts& facts_;
  std::function<void(clang::CompilerInstance&)> begin_;
  FactConsumer* consumer_ = nullptr;
};

}  // namespace isoaudit::analyzer
