#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>
#include <clang/AST/ExprCXX.h>

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/source/ancestors.h"
#include "analyzer/source/function_ids.h"
#include "analyzer/source/main_guard.h"
#include "analyzer/source/unit_facts.h"

namespace isoaudit::analyzer {

/// Finds out who calls whom in a unit, which functions stand in tables and initialisers, and which are handed out.
class CallCollector {
 public:
  CallCollector(const clang::ASTContext& ast, FunctionIds& ids, const MainGuard& main_guard)
      : ast_(ast), ids_(ids), main_guard_(main_guard) {}

  /// The last of `ancestors` names `callee`; `caller` encloses it (null at file scope).
  void named(const clang::FunctionDecl* callee, const Ancestors& ancestors, const clang::FunctionDecl* caller);
  void constructed(const clang::CXXConstructExpr* construct, const clang::FunctionDecl* caller);
  /// A variable with static storage: functions in its initialiser are reached through it.
  void initialised(const clang::VarDecl* variable);
  void defined(const clang::FunctionDecl* function);

  /// What was found inside `function`.
  void describe(const clang::FunctionDecl* function, FunctionFacts& facts) const;
  std::vector<EntryIntoCode> entries() const { return {entries_.begin(), entries_.end()}; }

 private:
  struct Inside {
    std::set<std::string> calls{};
    std::set<std::string> main_calls{};
    std::set<std::string> last_calls{};
    std::set<std::string> hands_out{};
  };

  void call(const clang::FunctionDecl* callee, const clang::FunctionDecl* caller, bool only_main);
  void enter(const clang::FunctionDecl* function, model::RunsWhen when, const std::string& how);

  const clang::ASTContext& ast_;
  FunctionIds& ids_;
  const MainGuard& main_guard_;
  std::unordered_map<const clang::FunctionDecl*, Inside> inside_{};
  std::set<EntryIntoCode> entries_{};
};

}  // namespace isoaudit::analyzer
