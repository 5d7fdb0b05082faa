#pragma once

#include <clang/AST/Decl.h>

#include <set>
#include <string>
#include <vector>

#include "analyzer/source/source_places.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// Collects the functions of CPython, libc and other libraries that the project calls or takes the address of, and
/// their variables that it names: those with C names, declared outside the project. One for each line and name.
class ApiUseCollector {
 public:
  explicit ApiUseCollector(SourcePlaces& places) : places_(places) {}

  void named(const clang::FunctionDecl* function, clang::SourceLocation location, const clang::FunctionDecl* inside);
  /// `read`: its value is taken and no more.
  void named(const clang::VarDecl* variable, clang::SourceLocation location, const clang::FunctionDecl* inside,
             bool read);
  std::vector<model::ApiUse> finish(const std::string& unit) const;

 private:
  void add(const clang::NamedDecl* declaration, clang::SourceLocation location, const clang::FunctionDecl* inside,
           bool read = false);

  SourcePlaces& places_;
  std::set<model::ApiUse> found_{};
};

}  // namespace isoaudit::analyzer
