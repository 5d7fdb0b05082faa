#pragma once

#include <clang/AST/Decl.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "analyzer/source/ancestors.h"
#include "analyzer/source/main_guard.h"
#include "analyzer/source/source_places.h"
#include "analyzer/source/users_names.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// Collects the functions of CPython, libc and other libraries that the project calls or takes the address of, and
/// their variables that it names: those with C names, declared outside the project. One for each line and name.
class ApiUseCollector {
 public:
  /// `names` and `main_guard` outlive this.
  ApiUseCollector(SourcePlaces& places, const UsersNames& names, const MainGuard& main_guard)
      : places_(places), names_(names), main_guard_(main_guard) {}

  /// The last of `ancestors` names `function`.
  void named(const clang::FunctionDecl* function, clang::SourceLocation location, const clang::FunctionDecl* inside,
             const Ancestors& ancestors);
  /// `read`: its value is taken and no more.
  void named(const clang::VarDecl* variable, clang::SourceLocation location, const clang::FunctionDecl* inside,
             const Ancestors& ancestors, bool read);
  /// `function` is passed to pthread_once or its like.
  void runs_once(const clang::FunctionDecl* function, const std::string& guard);
  std::vector<model::ApiUse> finish(const std::string& unit) const;

 private:
  void add(const clang::NamedDecl* declaration, clang::SourceLocation location, const clang::FunctionDecl* inside,
           model::ApiUse use, const Ancestors& ancestors);

  SourcePlaces& places_;
  const UsersNames& names_;
  const MainGuard& main_guard_;
  std::set<model::ApiUse> found_{};
  std::map<std::string, std::string> once_{};
};

}  // namespace isoaudit::analyzer
