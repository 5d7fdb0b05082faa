#include "analyzer/source/main_guard.h"

#include <clang/AST/ExprCXX.h>
#include <clang/AST/StmtCXX.h>

#include <algorithm>
#include <string_view>

#include "analyzer/source/guards.h"
#include "analyzer/source/local_mentions.h"
#include "analyzer/source/values.h"

namespace isoaudit::analyzer {
namespace {

// Include/internal/pycore_pystate.h, Include/cpython/pystate.h.
constexpr std::string_view questions[] = {"_Py_IsMainInterpreter"};
constexpr std::string_view main_states[] = {"PyInterpreterState_Main", "_PyInterpreterState_Main"};
constexpr std::string_view running_states[] = {"PyInterpreterState_Get", "_PyInterpreterState_Get",
                                               "_PyInterpreterState_GET", "PyThreadState_GetInterpreter"};

// A local that holds the answer, of a local that holds it, ...
constexpr unsigned max_hops = 4;

template <std::size_t N>
bool is_call_of(const clang::Expr* expression, const std::string_view (&names)[N]) {
  const std::string callee = callee_name(strip(expression));
  return std::ranges::find(names, callee) != std::end(names);
}

/// What a local that never changes holds, else the expression itself.
const clang::Expr* resolved(const clang::Expr* expression) {
  for (unsigned hops = 0; hops < max_hops; ++hops) {
    const clang::Expr* kept = kept_value(expression);
    if (kept == nullptr) break;
    expression = kept;
  }
  return strip(expression);
}

/// `PyInterpreterState_Get()`, `tstate->interp`, the interpreter that the function was given. One that lies elsewhere,
/// or that a loop over all of them has come to, is not the one that runs.
bool is_running_state(const clang::Expr* state) {
  if (const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(state)) {
    const auto* parameter = llvm::dyn_cast<clang::ParmVarDecl>(reference->getDecl());
    return parameter != nullptr && keeps_its_value(parameter);
  }
  if (const auto* member = llvm::dyn_cast_or_null<clang::MemberExpr>(state)) {
    const auto* record = llvm::dyn_cast<clang::RecordDecl>(member->getMemberDecl()->getDeclContext());
    return record != nullptr && record->getName() == "_ts";
  }
  return is_call_of(state, running_states);
}

bool compares_with_main(const clang::Expr* left, const clang::Expr* right) {
  left = resolved(left);
  right = resolved(right);
  return (is_call_of(left, main_states) && is_running_state(right)) ||
         (is_call_of(right, main_states) && is_running_state(left));
}

/// Where the condition is `truth`, this is the main interpreter.
bool implies_main(const clang::Expr* condition, bool truth, unsigned hops = 0) {
  condition = strip(condition);
  if (condition == nullptr || hops > max_hops) return false;
  if (const auto* unary = llvm::dyn_cast<clang::UnaryOperator>(condition)) {
    return unary->getOpcode() == clang::UO_LNot && implies_main(unary->getSubExpr(), !truth, hops);
  }
  if (const auto* binary = llvm::dyn_cast<clang::BinaryOperator>(condition)) {
    const clang::Expr* left = binary->getLHS();
    const clang::Expr* right = binary->getRHS();
    switch (binary->getOpcode()) {
      case clang::BO_EQ:
      case clang::BO_NE: return truth == (binary->getOpcode() == clang::BO_EQ) && compares_with_main(left, right);
      case clang::BO_LAnd:
      case clang::BO_LOr: {
        const bool in_left = implies_main(left, truth, hops);
        const bool in_right = implies_main(right, truth, hops);
        // `a && b` is true where both are, false where one is.
        return truth == (binary->getOpcode() == clang::BO_LAnd) ? in_left || in_right : in_left && in_right;
      }
      default: return false;
    }
  }
  if (const clang::Expr* kept = kept_value(condition)) return implies_main(kept, truth, hops + 1);
  return truth && is_call_of(condition, questions);
}

/// A statement before the node sends everybody else away.
bool others_left(const clang::CompoundStmt* block, Node inside) {
  for (const clang::Stmt* statement : block->body()) {
    if (inside == Node(statement)) return false;
    const auto* condition = llvm::dyn_cast<clang::IfStmt>(statement);
    if (condition != nullptr && leaves(condition->getThen()) && implies_main(condition->getCond(), false)) return true;
  }
  return false;
}

}  // namespace

void MainGuard::named(const clang::FunctionDecl* function) {
  if (mentioned_ || function->getIdentifier() == nullptr) return;
  const std::string_view name = function->getName();
  mentioned_ = std::ranges::find(questions, name) != std::end(questions) ||
               std::ranges::find(main_states, name) != std::end(main_states);
}

bool MainGuard::holds(const Ancestors& ancestors) const {
  if (!mentioned_) return false;
  for (std::size_t at = ancestors.size() - 1; at > 0; --at) {
    const Node parent = ancestors[at - 1];
    if (const auto* block = node_as<clang::CompoundStmt>(parent)) {
      if (others_left(block, ancestors[at])) return true;
    } else if (const auto* condition = node_as<clang::IfStmt>(parent)) {
      const bool then = ancestors[at] == Node(condition->getThen());
      const bool otherwise = ancestors[at] == Node(condition->getElse());
      if ((then || otherwise) && implies_main(condition->getCond(), then)) return true;
    } else if (node_as<clang::FunctionDecl>(parent) != nullptr || node_as<clang::LambdaExpr>(parent) != nullptr) {
      return false;  // a lambda may run elsewhere
    }
  }
  return false;
}

}  // namespace isoaudit::analyzer
