#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analyzer/source/ancestors.h"
#include "analyzer/source/function_ids.h"
#include "analyzer/source/main_guard.h"
#include "analyzer/source/source_places.h"
#include "analyzer/source/unit_facts.h"
#include "analyzer/source/values.h"

namespace isoaudit::analyzer {

/// Finds out how each static variable is used: from the place that names it, up through the expression around it, until
/// something reads, writes, binds or passes it. Locals that hold the address of a static are followed, which is also
/// how Py_CLEAR and Py_SETREF store; so are statics that are initialised to one, and parameters that may be written
/// through. The visitor calls it in source
/// order.
class UseCollector {
 public:
  UseCollector(const clang::ASTContext& ast, SourcePlaces& places, FunctionIds& ids, const MainGuard& main_guard)
      : ast_(ast), places_(places), ids_(ids), main_guard_(main_guard) {}

  /// The last of `ancestors` names `variable`; `function` encloses it (null at file scope).
  void named(const clang::VarDecl* variable, const Ancestors& ancestors, const clang::FunctionDecl* function);
  /// Before its operands are visited; the last of `ancestors` is the assignment.
  void assigned(const clang::BinaryOperator* assignment, const Ancestors& ancestors);
  /// Counts up or down, or takes the address of a local: what it holds then no expression shows.
  void changed(const clang::UnaryOperator* operation);
  void declared(const clang::VarDecl* local);
  /// A label follows: what runs there may come from anywhere before.
  void labelled() { local_values_ = all_local_values_; }
  /// `function` is passed to pthread_once or its like: its writes are guarded by that.
  void runs_once(const clang::FunctionDecl* function, const std::string& guard);
  /// What `function` does with what its parameters point to is collected like the uses of a variable.
  void enter_function(const clang::FunctionDecl* function);

  /// Uses by identity(), complete after the last call.
  const std::unordered_map<const clang::VarDecl*, VariableUses>& finish();

 private:
  /// What the expression on the way up stands for.
  struct Path {
    enum class Stands { object, address, pointer_value } stands = Stands::object;
    bool whole = true;     ///< the variable itself, not a member or element
    bool through = false;  ///< what the variable points to
    /// Which member it is, as model::Write has it; none where something but members leads there.
    std::optional<std::string> part = "";
    bool operator==(const Path&) const = default;
  };
  struct Alias {
    const clang::VarDecl* variable = nullptr;
    Path path{};
    /// Blocks in which the local was given another value after this one: what follows there is not the alias.
    std::vector<const clang::Stmt*> dead_in{};
    bool operator==(const Alias&) const = default;
  };
  friend class Climb;

  void end_aliases(const clang::BinaryOperator* assignment, const clang::VarDecl* local, const Ancestors& ancestors);
  void end_values(const clang::BinaryOperator* assignment, const clang::VarDecl* local, const Ancestors& ancestors);
  void may_hold(const clang::VarDecl* local, const clang::Expr* value);

  const clang::ASTContext& ast_;
  SourcePlaces& places_;
  FunctionIds& ids_;
  const MainGuard& main_guard_;
  std::unordered_map<const clang::VarDecl*, VariableUses> uses_{};
  /// Those that a local may still have, and all that it got since the function began.
  LocalValues local_values_{};
  LocalValues all_local_values_{};
  std::unordered_map<const clang::VarDecl*, std::vector<Alias>> aliases_{};
  /// Pointers with static storage and what they are initialised to point to: `static T *const p = &x;`.
  std::unordered_map<const clang::VarDecl*, std::vector<Alias>> static_aliases_{};
  std::unordered_map<std::string, std::string> once_{};
};

}  // namespace isoaudit::analyzer
