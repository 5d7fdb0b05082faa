#include "analyzer/source/parse_together.h"

#include <clang/Basic/FileManager.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Lex/Lexer.h>
#include <clang/Lex/PPCallbacks.h>
#include <clang/Lex/Pragma.h>
#include <clang/Lex/Preprocessor.h>
#include <llvm/Support/MemoryBuffer.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "analyzer/source/command_line.h"

namespace isoaudit::analyzer {
namespace {

constexpr const char* pragma = "isoaudit_next";

[[noreturn]] void give_up() { _exit(1); }

/// No file of that name is read: it says whose folder quoted names are looked for in.
std::string start_name(const CompileCommand& command, unsigned number) {
  const std::filesystem::path folder = std::filesystem::path(command.file).parent_path();
  return (folder / (".isoaudit-start-" + std::to_string(number))).string();
}

/// Where the process is in the tree; which unit it became at last.
class Walk {
 public:
  Walk(const UnitGroup& group, const Together& how, RecordedFiles& files, const FirstError& errors, UnitFacts& facts,
       FactAction& action)
      : node_(&group.root), how_(how), files_(files), errors_(errors), facts_(facts), action_(action) {}

  const OwnRest* rest() const { return rest_; }
  /// In the file of the unit that this process became.
  bool is_own(clang::FileID file) const { return rest_ != nullptr && file == file_; }
  /// `location`: of the pragma that ends each node. The same words mean nothing elsewhere.
  bool is_end_of_node(const clang::SourceManager& sources, clang::SourceLocation location) const {
    const clang::FileID file = sources.getFileID(location);
    return rest_ == nullptr && file == (file_.isValid() ? file_ : sources.getMainFileID());
  }

  /// The file that the parse begins with: the root's text, which is no more than its end.
  void provide(clang::SourceManager& sources, const std::string& name) const { write(sources, name, node_->text); }

  /// The text of the node is parsed: this process and its children part. Returns in each, with its next text entered.
  void part(clang::Preprocessor& preprocessor, clang::SourceLocation from) {
    if (errors_.count() != 0) give_up();
    action_.look_ahead();
    how_.parted(files_);
    const std::size_t units = node_->units.size();
    const std::size_t ways = units + node_->next.size();
    for (std::size_t way = 0; way < ways; ++way) {
      const bool is_last = way + 1 == ways;
      if (is_last) {
        how_.wait();
      } else if (!how_.fork()) {
        continue;
      }
      if (way < units) {
        enter_unit(preprocessor, from, node_->units[way]);
      } else {
        enter_prefix(preprocessor, from, node_->next[way - units]);
      }
      return;
    }
    give_up();
  }

 private:
  void enter_prefix(clang::Preprocessor& preprocessor, clang::SourceLocation from, const PrefixNode& node) {
    node_ = &node;
    const std::string name = start_name(how_.commands[node.place], ++entered_);
    enter(preprocessor, from, write(preprocessor.getSourceManager(), name, node.text), 0);
  }

  static clang::FileEntryRef write(clang::SourceManager& sources, const std::string& name, std::string text) {
    text += std::string("#pragma ") + pragma + "\n";
    const clang::FileEntryRef file =
        sources.getFileManager().getVirtualFileRef(name, static_cast<off_t>(text.size()), 0);
    sources.overrideFileContents(file, llvm::MemoryBuffer::getMemBufferCopy(text, name));
    return file;
  }

  void enter_unit(clang::Preprocessor& preprocessor, clang::SourceLocation from, const OwnRest& rest) {
    rest_ = &rest;
    const CompileCommand& command = how_.commands[rest.unit];
    facts_.unit.file = how_.project.display(command.file);
    // Its own command says the same as the first unit's, perhaps through other response files.
    clang_arguments(command, how_.options.resource_dir, files_);
    const std::filesystem::path folder = std::filesystem::path(command.file).parent_path();
    for (const std::string& name : rest.not_beside) {
      files_.note({(folder / name).string(), Answer::missing, {}});
    }
    auto file = preprocessor.getFileManager().getFileRef(command.file, true);
    if (!file) {
      llvm::consumeError(file.takeError());
      give_up();
    }
    const auto text = preprocessor.getSourceManager().getMemoryBufferForFileOrNone(*file);
    if (!text || (rest.skip != 0 && content_hash(text->getBuffer()) != rest.content)) give_up();
    enter(preprocessor, from, *file, rest.skip);
  }

  void enter(clang::Preprocessor& preprocessor, clang::SourceLocation from, clang::FileEntryRef file,
             std::size_t skip) {
    preprocessor.markIncluded(file);  // as Clang does for a main file: who includes must be known
    file_ = preprocessor.getSourceManager().createFileID(file, from, clang::SrcMgr::C_User);
    if (preprocessor.EnterSourceFile(file_, nullptr, from)) give_up();
    if (skip != 0) {
      static_cast<clang::Lexer*>(preprocessor.getCurrentLexer())->seek(static_cast<unsigned>(skip), true);
    }
  }

  const PrefixNode* node_;
  const OwnRest* rest_ = nullptr;
  const Together& how_;
  RecordedFiles& files_;
  const FirstError& errors_;
  UnitFacts& facts_;
  FactAction& action_;
  /// The node's text, or the unit's.
  clang::FileID file_{};
  unsigned entered_ = 0;
};

class NextPragma : public clang::PragmaHandler {
 public:
  explicit NextPragma(Walk& walk) : PragmaHandler(pragma), walk_(walk) {}

  void HandlePragma(clang::Preprocessor& preprocessor, clang::PragmaIntroducer introducer,
                    clang::Token& token) override {
    while (token.isNot(clang::tok::eod)) preprocessor.LexUnexpandedToken(token);
    if (walk_.is_end_of_node(preprocessor.getSourceManager(), introducer.Loc)) {
      walk_.part(preprocessor, introducer.Loc);
    }
  }

 private:
  Walk& walk_;
};

/// What is not the same in an included file as in the main file.
class MainFileOnly : public clang::PPCallbacks {
 public:
  MainFileOnly(const Walk& walk, const clang::SourceManager& sources) : walk_(walk), sources_(sources) {}

  void FileChanged(clang::SourceLocation location, FileChangeReason reason, clang::SrcMgr::CharacteristicKind /*kind*/,
                   clang::FileID /*previous*/) override {
    // In a main file the pragma has no effect.
    if (reason == SystemHeaderPragma && walk_.is_own(sources_.getFileID(sources_.getExpansionLoc(location)))) give_up();
  }

  void MacroExpands(const clang::Token& name, const clang::MacroDefinition& definition, clang::SourceRange /*range*/,
                    const clang::MacroArgs* /*arguments*/) override {
    if (definition.getMacroInfo() == nullptr || !definition.getMacroInfo()->isBuiltinMacro()) return;
    const llvm::StringRef text = name.getIdentifierInfo()->getName();
    if (text == "__BASE_FILE__" || text == "__INCLUDE_LEVEL__") give_up();
  }

 private:
  const Walk& walk_;
  const clang::SourceManager& sources_;
};

}  // namespace

void parse_together(const UnitGroup& group, const Together& how) {
  const llvm::IntrusiveRefCntPtr<RecordedFiles> files(new RecordedFiles);
  std::string failure;
  const auto invocation = invocation_of(how.commands[group.root.place], how.options, files, failure);
  // Microsoft's compiler looks for quoted names beside every file that includes, those of prefixes among them.
  if (!invocation || invocation->getLangOpts().MSVCCompat) give_up();
  UnitFacts facts;
  FirstError errors(how.project);
  std::optional<Walk> walk;
  auto& inputs = invocation->getFrontendOpts().Inputs;
  const std::string start = start_name(how.commands[group.root.place], 0);
  inputs = {clang::FrontendInputFile(start, inputs.front().getKind())};
  FactAction action(how.project, how.options.names, facts, [&](clang::CompilerInstance& compiler) {
    clang::Preprocessor& preprocessor = compiler.getPreprocessor();
    preprocessor.AddPragmaHandler(new NextPragma(*walk));
    preprocessor.addPPCallbacks(std::make_unique<MainFileOnly>(*walk, compiler.getSourceManager()));
  });
  walk.emplace(group, how, *files, errors, facts, action);
  run_action(invocation, files, errors, action, [&](clang::SourceManager& sources) { walk->provide(sources, start); });
  const OwnRest* rest = walk->rest();
  if (rest == nullptr) give_up();
  if (const std::string error = errors.failure(); !error.empty()) {
    facts.gaps.push_back({how.project.display(how.commands[rest->unit].file), error});
  }
  how.deliver(rest->unit, facts, *files);
  _exit(0);
}

}  // namespace isoaudit::analyzer
