#include "analyzer/source/errors_behind_headers.h"

#include <clang/Basic/SourceManager.h>
#include <clang/Lex/LexDiagnostic.h>

#include <tuple>

namespace isoaudit::analyzer {
namespace {

/// In the body of a macro that is being defined: what a name means counts where the macro is used.
bool is_in_definition(const clang::Diagnostic& diagnostic) {
  const clang::SourceManager& sources = diagnostic.getSourceManager();
  const auto [file, offset] = sources.getDecomposedLoc(sources.getSpellingLoc(diagnostic.getLocation()));
  llvm::StringRef before = sources.getBufferData(file).take_front(offset);
  llvm::StringRef line;
  do {
    const std::size_t start = before.rfind('\n');
    line = start == llvm::StringRef::npos ? before : before.drop_front(start + 1);
    before = start == llvm::StringRef::npos ? llvm::StringRef() : before.take_front(start);
  } while (before.rtrim('\r').ends_with("\\"));
  line = line.ltrim();
  if (!line.consume_front("#")) return false;
  line = line.ltrim();
  // The name that is being defined is no part of the body.
  if (!line.consume_front("define")) return false;
  // Behind the name, or its first parameter: the macro that is being defined is no part of its body.
  return line.ltrim().find_first_of(" \t(") != llvm::StringRef::npos;
}

}  // namespace

void ErrorsBehindHeaders::HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& diagnostic) {
  if (diagnostic.getID() != clang::diag::err_pp_used_poisoned_id)
    return FirstError::HandleDiagnostic(level, diagnostic);
  if (!is_in_definition(diagnostic)) give_up_();
}

}  // namespace isoaudit::analyzer
