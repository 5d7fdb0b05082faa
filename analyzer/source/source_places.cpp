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

const SourcePlaces::File& SourcePlaces::file(clang::SourceLocation location) {
  const clang::FileID id = sources_.getFileID(sources_.getExpansionLoc(location));
  const auto [known, is_new] = files_.try_emplace(id.getHashValue());
  File& file = known->second;
  if (!is_new) return file;
  const clang::OptionalFileEntryRef entry = sources_.getFileEntryRefForID(id);
  if (!entry) return file;
  const llvm::StringRef real = entry->getFileEntry().tryGetRealPathName();
  const std::string path = project_.canonical(real.empty() ? entry->getName().str() : real.str());
  file.name = project_.display(path);
  file.in_project = project_.contains(path) &&
                    !clang::SrcMgr::isSystem(sources_.getFileCharacteristic(sources_.getExpansionLoc(location)));
  if (file.in_project) file.generator = generator_of(path, sources_.getBufferData(id));
  if (file.generator == "cython") {
    file.from = cython_lines(sources_.getBufferData(id));
    find_files(path, file.from);
  }
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

void SourcePlaces::find_files(const std::string& c_file, std::vector<GeneratedFrom>& from) {
  std::unordered_map<std::string, std::string> names;
  for (GeneratedFrom& line : from) {
    const auto [known, is_new] = names.try_emplace(line.file);
    if (is_new) known->second = name_above(c_file, line.file);
    line.file = known->second;
  }
}

std::string SourcePlaces::name_above(const std::string& c_file, const std::string& named) {
  for (fs::path folder = fs::path(c_file).parent_path();; folder = folder.parent_path()) {
    // Through Clang, who notes what was asked for: the facts hang on it.
    if (sources_.getFileManager().getOptionalFileRef((folder / named).string())) {
      const std::string path = project_.canonical((folder / named).string());
      return project_.contains(path) ? project_.display(path) : named;
    }
    if (folder == folder.root_path()) return named.ends_with(".pxd") ? "" : named;
  }
}

const GeneratedFrom* SourcePlaces::line_of(clang::SourceLocation location, const clang::FunctionDecl* function) {
  const clang::SourceLocation written = sources_.getExpansionLoc(location);
  const std::vector<GeneratedFrom>& from = file(written).from;
  if (from.empty() || function == nullptr) return nullptr;
  const auto [id, offset] = sources_.getDecomposedLoc(written);
  const auto [start_id, start] = sources_.getDecomposedLoc(sources_.getExpansionLoc(function->getBeginLoc()));
  const auto next = std::ranges::upper_bound(from, offset, {}, &GeneratedFrom::offset);
  if (next == from.begin() || id != start_id) return nullptr;
  const bool inside = std::prev(next)->offset >= start;
  if (!inside && !(std::prev(next)->before_function && is_of_users_function(function))) return nullptr;
  return &*std::prev(next);
}

model::Location SourcePlaces::users_place(clang::SourceLocation location, const clang::FunctionDecl* function) {
  model::Location place = this->place(location, function);
  const GeneratedFrom* line = line_of(location, function);
  if (line == nullptr || line->file.empty()) return place;
  place.file = line->file;
  place.line = line->line;
  place.column = 0;
  return place;
}

bool SourcePlaces::asks_for_gil(clang::SourceLocation location, const clang::FunctionDecl* function) {
  const GeneratedFrom* line = line_of(location, function);
  if (line == nullptr) return false;
  const auto [id, offset] = sources_.getDecomposedLoc(sources_.getExpansionLoc(location));
  const llvm::StringRef text = sources_.getBufferData(id);
  if (!line->before_function) return text.slice(line->offset, offset).split("*/").first.contains("with gil");
  const unsigned start = sources_.getDecomposedLoc(sources_.getExpansionLoc(function->getBeginLoc())).second;
  return !text.slice(start, offset).contains("__pyx_L");
}

bool SourcePlaces::is_of_a_line(clang::SourceLocation location, const clang::FunctionDecl* function) {
  return line_of(location, function) != nullptr;
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
