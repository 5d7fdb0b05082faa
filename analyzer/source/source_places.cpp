#include "analyzer/source/source_places.h"

#include <clang/Lex/Lexer.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "analyzer/source/generators.h"

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

/// Cython's C functions for a function of the user: itself, its wrapper, its body. Before each of them a comment names
/// the line of its `def`.
bool is_of_users_function(const clang::FunctionDecl* function) {
  if (function->getIdentifier() == nullptr) return false;
  const llvm::StringRef name = function->getName();
  return name.starts_with("__pyx_f_") || name.starts_with("__pyx_pw_") || name.starts_with("__pyx_pf_");
}

}  // namespace

/// canonical_path, with the folders of many files looked up once.
std::string SourcePlaces::canonical(const std::string& path) {
  const fs::path whole(path);
  const fs::path name = whole.filename();
  std::error_code error;
  const bool is_plain = fs::symlink_status(whole, error).type() == fs::file_type::regular && !name.empty();
  if (!is_plain) return canonical_path(path);
  const auto [known, is_new] = folders_.try_emplace(whole.parent_path().string());
  if (is_new) known->second = canonical_path(whole.has_parent_path() ? known->first : ".");
  return (fs::path(known->second) / name).string();
}

const SourcePlaces::File& SourcePlaces::file(clang::SourceLocation location) {
  const clang::FileID id = sources_.getFileID(sources_.getExpansionLoc(location));
  const auto [known, is_new] = files_.try_emplace(id.getHashValue());
  File& file = known->second;
  if (!is_new) return file;
  const clang::OptionalFileEntryRef entry = sources_.getFileEntryRefForID(id);
  if (!entry) return file;
  const llvm::StringRef real = entry->getFileEntry().tryGetRealPathName();
  const std::string path = canonical(real.empty() ? entry->getName().str() : real.str());
  file.name = project_.display(path);
  file.in_project = project_.contains(path) &&
                    !clang::SrcMgr::isSystem(sources_.getFileCharacteristic(sources_.getExpansionLoc(location)));
  if (file.in_project) file.generator = generator_of(path, sources_.getBufferData(id));
  if (file.generator == "cython") file.from = cython_lines(sources_.getBufferData(id));
  return file;
}

bool SourcePlaces::in_project(clang::SourceLocation location) {
  return location.isValid() && file(location).in_project;
}

model::Location SourcePlaces::place(clang::SourceLocation location, const clang::FunctionDecl* function) {
  const clang::SourceLocation written = sources_.getExpansionLoc(location);
  return {file(written).name, sources_.getExpansionLineNumber(written), sources_.getExpansionColumnNumber(written),
          function_name(function)};
}

model::Location SourcePlaces::users_place(clang::SourceLocation location, const clang::FunctionDecl* function) {
  model::Location place = this->place(location, function);
  const clang::SourceLocation written = sources_.getExpansionLoc(location);
  const std::vector<GeneratedFrom>& from = file(written).from;
  if (from.empty() || function == nullptr) return place;
  const auto [id, offset] = sources_.getDecomposedLoc(written);
  const auto [start_id, start] = sources_.getDecomposedLoc(sources_.getExpansionLoc(function->getBeginLoc()));
  const auto next = std::ranges::upper_bound(from, offset, {}, &GeneratedFrom::offset);
  if (next == from.begin() || id != start_id) return place;
  const bool inside = std::prev(next)->offset >= start;
  if (!inside && !(std::prev(next)->before_function && is_of_users_function(function))) return place;
  place.file = std::prev(next)->file;
  place.line = std::prev(next)->line;
  place.column = 0;
  return place;
}

const std::string& SourcePlaces::generator(clang::SourceLocation location) { return file(location).generator; }

std::vector<std::string> SourcePlaces::macros(clang::SourceLocation location) const {
  std::vector<std::string> names;
  while (location.isMacroID()) {
    names.push_back(clang::Lexer::getImmediateMacroName(location, sources_, language_).str());
    location = sources_.getImmediateMacroCallerLoc(location);
  }
  return names;
}

std::string SourcePlaces::naming_macro(clang::SourceLocation location) const {
  if (!location.isMacroID() || sources_.isWrittenInScratchSpace(sources_.getSpellingLoc(location))) return {};
  std::string outermost;
  while (location.isMacroID()) {
    if (sources_.isMacroArgExpansion(location)) return {};
    outermost = clang::Lexer::getImmediateMacroName(location, sources_, language_).str();
    location = sources_.getImmediateMacroCallerLoc(location);
  }
  return outermost;
}

std::string SourcePlaces::macro_call(clang::SourceLocation location) const {
  if (!location.isMacroID()) return {};
  const clang::CharSourceRange range = sources_.getExpansionRange(location);
  return clang::Lexer::getSourceText(range, sources_, language_).str();
}

std::string function_name(const clang::FunctionDecl* function) {
  return function == nullptr ? std::string() : function->getQualifiedNameAsString();
}

}  // namespace isoaudit::analyzer
