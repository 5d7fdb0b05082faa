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
#include "analyzer/source/errors_behind_headers.h"
#include "analyzer/source/headers_ahead.h"

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

  void begin(clang::CompilerInstance& compiler) {
    auto ahead = std::make_unique<HeadersAhead>(
        compiler,
        [&](clang::FileID file) {
          const auto entry = compiler.getSourceManager().getFileEntryRefForID(file);
          return entry && how_.project.contains(how_.project.canonical(entry->getName().str()));
        },
        give_up);
    ahead_ = ahead.get();
    compiler.getPreprocessor().addPPCallbacks(std::move(ahead));
  }

  const OwnRest* rest() const { return rest_; }
  void end_unit() { ahead_->end_unit(errors_.count() != 0); }
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
    if (pending_ != nullptr) {
      ahead_->check_command();
      return enter_own(preprocessor, from, *pending_);
    }
    if (errors_.count() != 0) give_up();
    if (node_->is_ahead && !is_behind_) {
      is_behind_ = true;
      ahead_->begin_behind();
      return enter_text(preprocessor, from, node_->behind);
    }
    action_.look_ahead();
    how_.parted(files_);
    if (node_->is_ahead) ahead_->end();
    bool is_hidden = false;
    const std::size_t units = node_->units.size();
    const std::size_t ways = units + node_->next.size();
    for (std::size_t way = 0; way < ways; ++way) {
      const bool is_last = way + 1 == ways;
      if (way < units && node_->units[way].is_late && !std::exchange(is_hidden, true)) ahead_->hide_all(from);
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
    if (node.is_ahead) ahead_->begin();
    enter_text(preprocessor, from, node.text);
  }

  void enter_text(clang::Preprocessor& preprocessor, clang::SourceLocation from, const std::string& text) {
    const std::string name = start_name(how_.commands[node_->place], ++entered_);
    enter(preprocessor, from, write(preprocessor.getSourceManager(), name, text), 0);
  }

  static clang::FileEntryRef write(clang::SourceManager& sources, const std::string& name, std::string text) {
    text += std::string("#pragma ") + pragma + "\n";
    const clang::FileEntryRef file =
        sources.getFileManager().getVirtualFileRef(name, static_cast<off_t>(text.size()), 0);
    sources.overrideFileContents(file, llvm::MemoryBuffer::getMemBufferCopy(text, name));
    return file;
  }

  void enter_unit(clang::Preprocessor& preprocessor, clang::SourceLocation from, const OwnRest& rest) {
    pending_ = &rest;
    facts_.unit.file = how_.project.display(how_.commands[rest.unit].file);
    if (node_->is_ahead) ahead_->begin_unit();
    if (!rest.folders.empty()) ahead_->search(rest.folders);
    if (rest.macros.empty()) return enter_own(preprocessor, from, rest);
    enter_text(preprocessor, from, rest.macros);
  }

  void enter_own(clang::Preprocessor& preprocessor, clang::SourceLocation from, const OwnRest& rest) {
    rest_ = &rest;
    const CompileCommand& command = how_.commands[rest.unit];
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
  /// The unit whose command is being read.
  const OwnRest* pending_ = nullptr;
  const Together& how_;
  RecordedFiles& files_;
  const FirstError& errors_;
  UnitFacts& facts_;
  FactAction& action_;
  HeadersAhead* ahead_ = nullptr;
  bool is_behind_ = false;
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
  const auto invocation = invocation_of(group.command, how.options, files, failure);
  // Microsoft's compiler looks for quoted names beside every file that includes, those of prefixes among them.
  if (!invocation || invocation->getLangOpts().MSVCCompat) give_up();
  const bool is_ahead = !group.root.next.empty() && group.root.next.front().is_ahead;
  if (is_ahead && invocation->getLangOpts().CPlusPlus) give_up();
  UnitFacts facts;
  ErrorsBehindHeaders errors(how.project, give_up);
  std::optional<Walk> walk;
  auto& inputs = invocation->getFrontendOpts().Inputs;
  const std::string start = start_name(how.commands[group.root.place], 0);
  inputs = {clang::FrontendInputFile(start, inputs.front().getKind())};
  FactAction action(how.project, how.options.names, facts, [&](clang::CompilerInstance& compiler) {
    clang::Preprocessor& preprocessor = compiler.getPreprocessor();
    preprocessor.AddPragmaHandler(new NextPragma(*walk));
    walk->begin(compiler);
    preprocessor.addPPCallbacks(std::make_unique<MainFileOnly>(*walk, compiler.getSourceManager()));
  });
  walk.emplace(group, how, *files, errors, facts, action);
  run_action(invocation, files, errors, action, [&](clang::SourceManager& sources) { walk->provide(sources, start); });
  const OwnRest* rest = walk->rest();
  if (rest == nullptr) give_up();
  walk->end_unit();
  if (const std::string error = errors.failure(); !error.empty()) {
    facts.gaps.push_back({how.project.display(how.commands[rest->unit].file), error});
  }
  how.deliver(rest->unit, facts, *files);
  _exit(0);
}

}  // namespace isoaudit::analyzer
