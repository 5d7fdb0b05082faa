#include "analyzer/source/unit_action.h"

#include <clang/AST/ASTConsumer.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Lex/LexDiagnostic.h>

#include "analyzer/source/included_sources.h"
#include "analyzer/source/source_places.h"
#include "analyzer/source/unit_visitor.h"

namespace isoaudit::analyzer {

class FactConsumer : public clang::ASTConsumer {
 public:
  FactConsumer(clang::CompilerInstance& compiler, const ProjectFiles& project, const UsersNames& names,
               UnitFacts& facts)
      : compiler_(compiler), project_(project), names_(names), facts_(facts) {}

  void Initialize(clang::ASTContext& ast) override {
    places_ = new SourcePlaces(ast.getSourceManager(), ast.getLangOpts(), project_);
  }

  // Inline functions of other people's headers are most of what a unit would parse.
  bool shouldSkipFunctionBody(clang::Decl* declaration) override {
    return !places_->in_project(declaration->getLocation());
  }

  void look_ahead() { look_ahead(compiler_.getASTContext()); }

  void HandleTranslationUnit(clang::ASTContext& ast) override {
    look_ahead(ast);
    std::erase_if(own_, [&](clang::Decl* own) { return !ast.getTranslationUnitDecl()->containsDecl(own); });
    // The others are thousands for one of the project's.
    ast.setTraversalScope(own_);
    facts_ = collect_unit(ast, compiler_.getPreprocessor(), *places_, names_, facts_.unit.file);
    facts_.unit.includes = included_sources(ast.getSourceManager(), project_, facts_.unit.file);
  }

 private:
  void look_ahead(clang::ASTContext& ast) {
    clang::TranslationUnitDecl* unit = ast.getTranslationUnitDecl();
    if (last_ != nullptr && !unit->containsDecl(last_)) {
      own_.clear();  // Clang took it away again
      last_ = nullptr;
    }
    auto next = last_ == nullptr ? unit->decls_begin() : std::next(clang::DeclContext::decl_iterator(last_));
    for (; next != unit->decls_end(); ++next) {
      last_ = *next;
      if (places_->in_project(last_->getLocation())) own_.push_back(last_);
    }
  }

  clang::CompilerInstance& compiler_;
  const ProjectFiles& project_;
  const UsersNames& names_;
  UnitFacts& facts_;
  /// Never freed, like what Clang has: the process ends soon, and most of it would have to be copied for that.
  SourcePlaces* places_ = nullptr;
  /// Declarations at file level that lie in the project, in order, up to `last_`.
  std::vector<clang::Decl*> own_{};
  clang::Decl* last_ = nullptr;
};

void FirstError::HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& diagnostic) {
  clang::DiagnosticConsumer::HandleDiagnostic(level, diagnostic);
  if (level < clang::DiagnosticsEngine::Error) return;
  ++count_;
  // What is not declared because of it is no news.
  const bool is_missing_header = diagnostic.getID() == clang::diag::err_pp_file_not_found;
  if (count_ != 1 && (is_missing_header_ || !is_missing_header)) return;
  is_missing_header_ = is_missing_header;
  text_.clear();
  llvm::SmallString<128> message;
  diagnostic.FormatDiagnostic(message);
  if (diagnostic.hasSourceManager() && diagnostic.getLocation().isValid()) {
    const clang::SourceManager& sources = diagnostic.getSourceManager();
    const clang::PresumedLoc place = sources.getPresumedLoc(sources.getExpansionLoc(diagnostic.getLocation()));
    if (place.isValid()) {
      text_ = project_.display(canonical_path(place.getFilename())) + ":" + std::to_string(place.getLine()) + ": ";
    }
  }
  text_ += message.str();
}

std::string FirstError::failure() const {
  if (count_ == 0) return {};
  return "does not compile: " + text_ +
         (count_ > 1 ? " (and " + std::to_string(count_ - 1) + " more errors)" : std::string());
}

void FactAction::look_ahead() {
  if (consumer_ != nullptr) consumer_->look_ahead();
}

bool FactAction::BeginSourceFileAction(clang::CompilerInstance& compiler) {
  if (begin_) begin_(compiler);
  return true;
}

std::unique_ptr<clang::ASTConsumer> FactAction::CreateASTConsumer(clang::CompilerInstance& compiler,
                                                                  llvm::StringRef /*file*/) {
  auto consumer = std::make_unique<FactConsumer>(compiler, project_, names_, facts_);
  consumer_ = consumer.get();
  return consumer;
}

}  // namespace isoaudit::analyzer
