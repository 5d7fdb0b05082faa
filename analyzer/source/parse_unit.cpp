#include "analyzer/source/parse_unit.h"

#include <clang/AST/ASTConsumer.h>
#include <clang/Basic/Diagnostic.h>
#include <clang/Basic/FileManager.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/FrontendAction.h>
#include <clang/Frontend/Utils.h>
#include <clang/Lex/HeaderSearchOptions.h>
#include <clang/Lex/PreprocessorOptions.h>
#include <clang/Serialization/PCHContainerOperations.h>
#include <llvm/Support/CrashRecoveryContext.h>
#include <llvm/Support/VirtualFileSystem.h>

#include "analyzer/source/command_line.h"
#include "analyzer/source/source_places.h"
#include "analyzer/source/unit_visitor.h"

namespace isoaudit::analyzer {
namespace {

/// Keeps the first error and counts the others.
class FirstError : public clang::DiagnosticConsumer {
 public:
  explicit FirstError(const ProjectFiles& project) : project_(project) {}

  void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& diagnostic) override {
    clang::DiagnosticConsumer::HandleDiagnostic(level, diagnostic);
    if (level < clang::DiagnosticsEngine::Error || ++count != 1) return;
    llvm::SmallString<128> message;
    diagnostic.FormatDiagnostic(message);
    if (diagnostic.hasSourceManager() && diagnostic.getLocation().isValid()) {
      const clang::SourceManager& sources = diagnostic.getSourceManager();
      const clang::PresumedLoc place = sources.getPresumedLoc(sources.getExpansionLoc(diagnostic.getLocation()));
      if (place.isValid()) {
        text = project_.display(canonical_path(place.getFilename())) + ":" + std::to_string(place.getLine()) + ": ";
      }
    }
    text += message.str();
  }

  std::string text{};
  unsigned count = 0;

 private:
  const ProjectFiles& project_;
};

class FactConsumer : public clang::ASTConsumer {
 public:
  FactConsumer(clang::CompilerInstance& compiler, const ProjectFiles& project, UnitFacts& facts)
      : compiler_(compiler), project_(project), facts_(facts) {}

  void Initialize(clang::ASTContext& ast) override {
    places_ = std::make_unique<SourcePlaces>(ast.getSourceManager(), ast.getLangOpts(), project_);
  }

  // Inline functions of other people's headers are most of what a unit would parse.
  bool shouldSkipFunctionBody(clang::Decl* declaration) override {
    return !places_->in_project(declaration->getLocation());
  }

  void HandleTranslationUnit(clang::ASTContext& ast) override {
    facts_ = collect_unit(ast, compiler_.getPreprocessor(), *places_, facts_.unit.file);
  }

 private:
  clang::CompilerInstance& compiler_;
  const ProjectFiles& project_;
  UnitFacts& facts_;
  std::unique_ptr<SourcePlaces> places_{};
};

class FactAction : public clang::ASTFrontendAction {
 public:
  FactAction(const ProjectFiles& project, UnitFacts& facts) : project_(project), facts_(facts) {}

  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler,
                                                        llvm::StringRef /*file*/) override {
    return std::make_unique<FactConsumer>(compiler, project_, facts_);
  }

 private:
  const ProjectFiles& project_;
  UnitFacts& facts_;
};

bool leads_to_python(const clang::HeaderSearchOptions& search, llvm::vfs::FileSystem& files) {
  return std::ranges::any_of(search.UserEntries, [&](const clang::HeaderSearchOptions::Entry& entry) {
    return files.exists(entry.Path + "/Python.h");
  });
}

void prepare(clang::CompilerInvocation& invocation, const ParseOptions& options, llvm::vfs::FileSystem& files) {
  clang::FrontendOptions& frontend = invocation.getFrontendOpts();
  frontend.SkipFunctionBodies = true;  // FactConsumer says which
  frontend.DisableFree = false;
  frontend.OutputFile.clear();
  frontend.Plugins.clear();
  frontend.ProgramAction = clang::frontend::ParseSyntaxOnly;
  invocation.getDependencyOutputOpts() = {};
  clang::DiagnosticOptions& diagnostics = invocation.getDiagnosticOpts();
  diagnostics.ErrorLimit = 0;  // a limit would end the parse
  diagnostics.IgnoreWarnings = true;
  diagnostics.ShowCarets = false;  // else the number of errors is printed
  diagnostics.DiagnosticLogFile.clear();
  diagnostics.DiagnosticSerializationFile.clear();
  invocation.getLangOpts().SpellChecking = false;
  clang::HeaderSearchOptions& search = invocation.getHeaderSearchOpts();
  if (!options.python_include.empty() && !leads_to_python(search, files)) {
    search.AddPath(options.python_include, clang::frontend::System, false, true);
  }
}

void parse(const CompileCommand& command, const ProjectFiles& project, const ParseOptions& options, UnitFacts& facts,
           std::string& failure) {
  // Its own working folder, unlike the process's, which all threads share.
  const llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files(llvm::vfs::createPhysicalFileSystem().release());
  if (files->setCurrentWorkingDirectory(command.directory)) {
    failure = "the folder of its compile command does not exist: " + command.directory;
    return;
  }
  if (!files->exists(command.file)) {
    failure = "no such file, though compile_commands.json names it";
    return;
  }
  const std::vector<std::string> arguments = clang_arguments(command, options.resource_dir, *files);
  std::vector<const char*> words;
  words.reserve(arguments.size());
  for (const std::string& argument : arguments) words.push_back(argument.c_str());

  clang::CreateInvocationOptions creation;
  clang::IgnoringDiagConsumer ignored;
  // What the driver complains of are flags, and those a unit survives.
  creation.Diags = clang::CompilerInstance::createDiagnostics(new clang::DiagnosticOptions, &ignored, false);
  creation.VFS = files;
  creation.RecoverOnError = true;
  std::shared_ptr<clang::CompilerInvocation> invocation = clang::createInvocation(words, creation);
  if (!invocation) {
    failure = "its compile command is not understood";
    return;
  }
  prepare(*invocation, options, *files);

  FirstError errors(project);
  clang::CompilerInstance compiler(std::make_shared<clang::PCHContainerOperations>());
  compiler.setInvocation(std::move(invocation));
  compiler.createDiagnostics(&errors, false);
  compiler.getDiagnostics().setFatalsAsError(true);  // a missing header shall not hide the rest
  compiler.createFileManager(files);
  compiler.setVerboseOutputStream(std::make_unique<llvm::raw_null_ostream>());
  FactAction action(project, facts);
  compiler.ExecuteAction(action);
  if (errors.count == 0) return;
  failure = "does not compile: " + errors.text;
  if (errors.count > 1) failure += " (and " + std::to_string(errors.count - 1) + " more errors)";
}

}  // namespace

UnitFacts parse_unit(const CompileCommand& command, const ProjectFiles& project, const ParseOptions& options) {
  UnitFacts facts;
  facts.unit.file = project.display(command.file);
  std::string failure;
  llvm::CrashRecoveryContext crash;
  constexpr unsigned stack_size = 64U << 20;  // deeply nested generated code
  const bool survived = crash.RunSafelyOnThread([&] { parse(command, project, options, facts, failure); }, stack_size);
  if (!survived) {
    const std::string file = std::move(facts.unit.file);
    facts = {};
    facts.unit.file = file;
    failure = "Clang crashed on it";
  }
  if (!failure.empty()) facts.gaps.push_back({project.display(command.file), failure});
  return facts;
}

}  // namespace isoaudit::analyzer
