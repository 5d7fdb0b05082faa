#pragma once

#include <clang/AST/Decl.h>
#include <clang/Basic/SourceLocation.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Lex/Preprocessor.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/source/cython_lines.h"
#include "analyzer/source/project_files.h"
#include "model/location.h"

namespace isoaudit::analyzer {

/// Where things are, in the words of the report. Macros: the place that the user wrote, which is the outermost
/// expansion.
class SourcePlaces {
 public:
  SourcePlaces(const clang::SourceManager& sources, const clang::LangOptions& language, const ProjectFiles& project)
      : sources_(sources), language_(language), project_(project) {}

  /// In a file of the project, and not one that the command calls a system header.
  bool in_project(clang::SourceLocation location);
  model::Location place(clang::SourceLocation location, const clang::FunctionDecl* function);
  /// The same, and in C that Cython made of it the line of the user's .pyx file, as the comment before the statement
  /// says, or the one before the function; where there is none, and where the line is of a file that Cython brings
  /// along (datetime.pxd), place().
  model::Location users_place(clang::SourceLocation location, const clang::FunctionDecl* function);
  /// Cython takes the GIL there because its user wrote `with gil`, at this statement or for the whole function; where a
  /// `nogil` function raises, it takes it by itself: there, and behind the label that all errors go to.
  bool asks_for_gil(clang::SourceLocation location, const clang::FunctionDecl* function);
  /// Cython made it of a line, the user's or one of a file that it brings along; false for what it adds by itself.
  bool is_of_a_line(clang::SourceLocation location, const clang::FunctionDecl* function);
  /// The tool that wrote the file ("cython"), by its banner; else empty.
  const std::string& generator(clang::SourceLocation location);
  /// The names of the macros that a location comes from, innermost first.
  std::vector<std::string> macros(clang::SourceLocation location) const;
  /// The outermost macro in whose text the name at `location` stands; empty where the user wrote the name, also as an
  /// argument.
  std::string naming_macro(clang::SourceLocation location) const;
  /// The text of the outermost macro call that a location comes from; empty when it comes from none.
  std::string macro_call(clang::SourceLocation location) const;

 private:
  struct File {
    bool in_project = false;
    std::string name{};
    std::string generator{};
    /// Cython's comments: where each begins in the C file, and what it names. In the order of the file.
    std::vector<GeneratedFrom> from{};
  };
  const File& file(clang::SourceLocation location);
  /// Null where no comment speaks of it.
  const GeneratedFrom* line_of(clang::SourceLocation location, const clang::FunctionDecl* function);
  /// Cython names files from where it was run: as the project has them, seen beside or above the C file. Takes the
  /// names away of what Cython and other packages bring along ("datetime.pxd", "numpy/__init__.cython-30.pxd").
  void find_files(const std::string& c_file, std::vector<GeneratedFrom>& from);
  std::string name_above(const std::string& c_file, const std::string& named);

  const clang::SourceManager& sources_;
  const clang::LangOptions& language_;
  const ProjectFiles& project_;
  std::unordered_map<unsigned, File> files_{};
};

/// "ns::Class::method"; in C the plain name.
std::string function_name(const clang::FunctionDecl* function);

}  // namespace isoaudit::analyzer
