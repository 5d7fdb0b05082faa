#include "analyzer/source/local_mentions.h"

#include <llvm/ADT/SmallPtrSet.h>

#include <algorithm>

#include "analyzer/source/values.h"

namespace isoaudit::analyzer {
namespace {

const clang::VarDecl* named_in(const clang::Stmt* statement) {
  const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(statement);
  return reference == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(reference->getDecl());
}

/// No mention of the local but those that `accepts` knows. Ends at the first other one, which mostly comes soon.
template <class Accepts>
bool mentions_only(const clang::Stmt* statement, const clang::VarDecl* local, Accepts& accepts) {
  if (statement == nullptr || accepts(statement)) return true;
  return named_in(statement) != local && std::ranges::all_of(statement->children(), [&](const clang::Stmt* child) {
           return mentions_only(child, local, accepts);
         });
}

const clang::Stmt* body_around(const clang::VarDecl* local) {
  const auto* function = llvm::dyn_cast<clang::FunctionDecl>(local->getDeclContext());
  return function == nullptr ? nullptr : function->getBody();
}

}  // namespace

bool is_only_compared(const clang::VarDecl* local) {
  if (local->hasGlobalStorage()) return false;
  llvm::SmallPtrSet<const clang::Stmt*, 4> sides;
  bool with_other = false;
  auto accepts = [&](const clang::Stmt* statement) {
    const auto* comparison = llvm::dyn_cast<clang::BinaryOperator>(statement);
    if (comparison != nullptr && comparison->isEqualityOp()) {
      const clang::Expr* left = strip(comparison->getLHS());
      const clang::Expr* right = strip(comparison->getRHS());
      for (const clang::Expr* side : {left, right}) {
        if (named_in(side) == local) sides.insert(side);
      }
      const bool compares = named_in(left) == local || named_in(right) == local;
      with_other |= compares && !is_null(left) && !is_null(right);
    }
    return sides.contains(statement);
  };
  return mentions_only(body_around(local), local, accepts) && with_other;
}

bool keeps_its_value(const clang::VarDecl* local) {
  if (local->hasGlobalStorage() || local->getType()->isReferenceType()) return false;
  bool is_read = false;
  auto accepts = [&](const clang::Stmt* statement) {
    const auto* cast = llvm::dyn_cast<clang::ImplicitCastExpr>(statement);
    const bool reads = cast != nullptr && cast->getCastKind() == clang::CK_LValueToRValue &&
                       named_in(cast->getSubExpr()->IgnoreParens()) == local;
    is_read |= reads;
    return reads;
  };
  return mentions_only(body_around(local), local, accepts) && is_read;
}

const clang::Expr* kept_value(const clang::Expr* expression) {
  const clang::VarDecl* local = named_in(strip(expression));
  if (local == nullptr || !local->isLocalVarDecl() || local->getInit() == nullptr) return nullptr;
  return keeps_its_value(local) ? local->getInit() : nullptr;
}

}  // namespace isoaudit::analyzer
