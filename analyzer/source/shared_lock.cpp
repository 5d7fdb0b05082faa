#include "analyzer/source/shared_lock.h"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

constexpr unsigned farthest = 8;

template <typename Visit>
bool any_below(const clang::Stmt* statement, const Visit& visit) {
  if (statement == nullptr) return false;
  if (visit(statement)) return true;
  return std::ranges::any_of(statement->children(), [&](const clang::Stmt* child) { return any_below(child, visit); });
}

bool names(const clang::Expr* expression, const clang::VarDecl* variable) {
  const auto* name = llvm::dyn_cast<clang::DeclRefExpr>(expression->IgnoreParenCasts());
  return name != nullptr && name->getDecl() == variable;
}

/// Something other than its initialiser may have set it.
bool is_set_again(const clang::VarDecl* local) {
  if (local->getType()->isReferenceType()) return false;
  const auto* function = llvm::dyn_cast<clang::FunctionDecl>(local->getDeclContext());
  if (function == nullptr) return true;
  return any_below(function->getBody(), [&](const clang::Stmt* statement) {
    if (const auto* binary = llvm::dyn_cast<clang::BinaryOperator>(statement)) {
      return binary->isAssignmentOp() && names(binary->getLHS(), local);
    }
    const auto* unary = llvm::dyn_cast<clang::UnaryOperator>(statement);
    return unary != nullptr && (unary->isIncrementDecrementOp() || unary->getOpcode() == clang::UO_AddrOf) &&
           names(unary->getSubExpr(), local);
  });
}

bool reaches_static(const clang::Expr* expression, unsigned steps);

bool is_static_variable(const clang::ValueDecl* declaration, unsigned steps) {
  const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration);
  if (variable == nullptr) return false;
  if (variable->hasGlobalStorage()) return variable->getTLSKind() == clang::VarDecl::TLS_None;
  const bool points = variable->getType()->isPointerType() || variable->getType()->isReferenceType();
  return points && !llvm::isa<clang::ParmVarDecl>(variable) && variable->getInit() != nullptr &&
         !is_set_again(variable) && reaches_static(variable->getInit(), steps + 1);
}

/// `static std::mutex& lock() { static std::mutex m; return m; }`
bool returns_static(const clang::FunctionDecl* function, unsigned steps) {
  const clang::Stmt* body = function == nullptr ? nullptr : function->getBody();
  bool some = false;
  const bool other = any_below(body, [&](const clang::Stmt* statement) {
    const auto* result = llvm::dyn_cast<clang::ReturnStmt>(statement);
    if (result == nullptr) return false;
    some = true;
    return result->getRetValue() == nullptr || !reaches_static(result->getRetValue(), steps + 1);
  });
  return some && !other;
}

bool reaches_static(const clang::Expr* expression, unsigned steps) {
  if (expression == nullptr || steps > farthest) return false;
  expression = expression->IgnoreParenCasts();
  if (const auto* name = llvm::dyn_cast<clang::DeclRefExpr>(expression)) {
    return is_static_variable(name->getDecl(), steps);
  }
  if (const auto* unary = llvm::dyn_cast<clang::UnaryOperator>(expression)) {
    const bool same = unary->getOpcode() == clang::UO_AddrOf || unary->getOpcode() == clang::UO_Deref;
    return same && reaches_static(unary->getSubExpr(), steps + 1);
  }
  if (const auto* member = llvm::dyn_cast<clang::MemberExpr>(expression)) {
    if (const auto* data = llvm::dyn_cast<clang::VarDecl>(member->getMemberDecl())) {
      return is_static_variable(data, steps);
    }
    return reaches_static(member->getBase(), steps + 1);
  }
  if (const auto* element = llvm::dyn_cast<clang::ArraySubscriptExpr>(expression)) {
    // One of several by an index is not the same lock each time.
    const auto* index = llvm::dyn_cast<clang::IntegerLiteral>(element->getIdx()->IgnoreParenCasts());
    return index != nullptr && reaches_static(element->getBase(), steps + 1);
  }
  if (const auto* operation = llvm::dyn_cast<clang::CXXOperatorCallExpr>(expression)) {
    // `*lock` and `lock->` of a smart pointer.
    const bool through = operation->getOperator() == clang::OO_Star || operation->getOperator() == clang::OO_Arrow;
    return through && reaches_static(operation->getArg(0), steps + 1);
  }
  if (const auto* call = llvm::dyn_cast<clang::CallExpr>(expression)) {
    return returns_static(call->getDirectCallee(), steps);
  }
  return false;
}

/// std::defer_lock, std::try_to_lock.
bool leaves_the_lock_alone(const clang::Expr* argument) {
  const clang::CXXRecordDecl* record = argument->getType()->getAsCXXRecordDecl();
  return record != nullptr && (record->getName() == "defer_lock_t" || record->getName() == "try_to_lock_t");
}

}  // namespace

bool is_shared_lock(const clang::Expr* lock) { return reaches_static(lock, 0); }

bool takes_shared_lock(const clang::CallExpr* call) {
  if (const auto* method = llvm::dyn_cast<clang::CXXMemberCallExpr>(call)) {
    return is_shared_lock(method->getImplicitObjectArgument());
  }
  return call->getNumArgs() != 0 && is_shared_lock(call->getArg(0));
}

bool holds_shared_lock(const clang::VarDecl* guard) {
  const clang::Expr* init = guard->getInit();
  if (init == nullptr) return false;
  bool shared = false;
  const bool alone = any_below(init, [&](const clang::Stmt* statement) {
    const auto* expression = llvm::dyn_cast<clang::Expr>(statement);
    if (expression == nullptr) return false;
    shared = shared || is_shared_lock(expression);
    return leaves_the_lock_alone(expression);
  });
  return shared && !alone;
}

}  // namespace isoaudit::analyzer
