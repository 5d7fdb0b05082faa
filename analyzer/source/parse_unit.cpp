#include "analyzer/source/parse_unit.h"

#include <clang/Basic/Diagnostic.h>
#include <clang/Basic/FileManager.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/Utils.h>
#include <clang/Lex/HeaderSearchOptions.h>
#include <clang/Lex/PreprocessorOptions.h>
#include <clang/Serialization/PCHContainerOperations.h>
#include <llvm/Support/TargetSelect.h>

#include <algorithm>

#include "analyzer/source/command_line.h"
#include "analyzer/source/python_headers.h"

namespace isoaudit::analyzer {
namespace {

bool leads_to_python(const clang::HeaderSearchOptions& search, llvm::vfs::FileSystem& files) {
  return std::ranges::any_of(search.UserEntries, [&](const clang::HeaderSearchOptions::Entry& entry) {
    return files.exists(entry.Path + "/Python.h");
  });
}

/// Other Pythons' folders become that one, each in its place.
void turn_to(const std::string& python, clang::HeaderSearchOptions& search, llvm::vfs::FileSystem& files) {
  for (clang::HeaderSearchOptions::Entry& entry : search.UserEntries) {
    if (is_installed_python(entry.Path, files) && !are_alike(entry.Path, python, files)) entry.Path = python;
  }
}

void prepare(clang::CompilerInvocation& invocation, const ParseOptions& options, llvm::vfs::FileSystem& files) {
  clang::FrontendOptions& frontend = invocation.getFrontendOpts();
  frontend.SkipFunctionBodies = true;  // FactConsumer says which
  frontend.DisableFree = true;         // the process ends soon
  frontend.OutputFile.clear();
  frontend.Plugins.clear();
  frontend.ProgramAction = clang::frontend::ParseSyntaxOnly;
  // __DATE__ and its like: the same input has the same facts on any day.
  invocation.getPreprocessorOpts().SourceDateEpoch = 0;
  invocation.getDependencyOutputOpts() = {};
  clang::DiagnosticOptions& diagnostics = invocation.getDiagnosticOpts();
  diagnostics.ErrorLimit = 0;  // a limit would end the parse
  diagnostics.IgnoreWarnings = true;
  diagnostics.ShowCarets = false;  // else the number of errors is printed
  diagnostics.DiagnosticLogFile.clear();
  diagnostics.DiagnosticSerializationFile.clear();
  invocation.getLangOpts().SpellChecking = false;
  clang::HeaderSearchOptions& search = invocation.getHeaderSearchOpts();
  if (options.python_include.empty()) return;
  if (options.only_that_python) turn_to(options.python_include, search, files);
  if (!leads_to_python(search, files)) {
    search.AddPath(options.python_include, clang::frontend::System, false, true);
  }
}

}  // namespace

void prepare_clang() {
  llvm::InitializeAllTargetInfos();  // "aarch64-linux-gnu-gcc" is known as a target
}

std::shared_ptr<clang::CompilerInvocation> invocation_of(const CompileCommand& command, const ParseOptions& options,
                                                         const llvm::IntrusiveRefCntPtr<RecordedFiles>& files,
                                                         std::string& failure) {
  // Its own working folder, unlike the process's. That it is there is a part of the record.
  if (!files->exists(command.directory) || files->setCurrentWorkingDirectory(command.directory)) {
    failure = "the folder of its compile command does not exist: " + command.directory;
    return nullptr;
  }
  if (!files->exists(command.file)) {
    failure = "no such file, though compile_commands.json names it";
    return nullptr;
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
  if (!invocation || invocation->getFrontendOpts().Inputs.empty()) {
    failure = "its compile command is not understood";
    return nullptr;
  }
  prepare(*invocation, options, *files);
  // What these read and build goes ways of its own.
  if (invocation->getLangOpts().Modules || !invocation->getPreprocessorOpts().ImplicitPCHInclude.empty()) {
    files->cannot_tell();
  }
  return invocation;
}

void run_action(std::shared_ptr<clang::CompilerInvocation> invocation,
                const llvm::IntrusiveRefCntPtr<RecordedFiles>& files, FirstError& errors, FactAction& action,
                const std::function<void(clang::SourceManager&)>& provide) {
  // Neither is ever freed: the process ends soon.
  auto* compiler = new clang::CompilerInstance(std::make_shared<clang::PCHContainerOperations>());
  compiler->setInvocation(std::move(invocation));
  compiler->createDiagnostics(&errors, false);
  compiler->getDiagnostics().setFatalsAsError(true);  // a missing header shall not hide the rest
  compiler->createSourceManager(*compiler->createFileManager(files));
  if (provide) provide(compiler->getSourceManager());
  compiler->setVerboseOutputStream(std::make_unique<llvm::raw_null_ostream>());
  compiler->ExecuteAction(action);
}

UnitFacts parse_unit(const CompileCommand& command, const ProjectFiles& project, const ParseOptions& options,
                     const llvm::IntrusiveRefCntPtr<RecordedFiles>& files) {
  UnitFacts facts;
  facts.unit.file = project.display(command.file);
  std::string failure;
  if (auto invocation = invocation_of(command, options, files, failure)) {
    FirstError errors(project);
    FactAction action(project, options.names, facts, {});
    run_action(std::move(invocation), files, errors, action);
    failure = errors.failure();
  }
  if (!failure.empty()) facts.gaps.push_back({project.display(command.file), failure});
  return facts;
}

}  // namespace isoaudit::analyzer
