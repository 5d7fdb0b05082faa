#include "analyzer/source/local_mentions.h"

#include "analyzer/source/values.h"

namespace isoaudit::analyzer {
namespace {

const clang::VarDecl* named_in(const clang::Expr* expression) {
  const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(expression);
  return reference == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(reference->getDecl());
}

class Counter {
 public:
  explicit Counter(const clang::VarDecl* local) : local_(local) {}

  void walk(const clang::Stmt* statement) {
    if (statement == nullptr) return;
    if (const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(statement)) {
      counts_.all += named_in(reference) == local_;
    } else if (const auto* cast = llvm::dyn_cast<clang::ImplicitCastExpr>(statement)) {
      counts_.read +=
          cast->getCastKind() == clang::CK_LValueToRValue && named_in(cast->getSubExpr()->IgnoreParens()) == local_;
    } else if (const auto* binary = llvm::dyn_cast<clang::BinaryOperator>(statement)) {
      if (binary->isEqualityOp()) compared(binary->getLHS(), binary->getRHS());
    }
    for (const clang::Stmt* child : statement->children()) walk(child);
  }

  const Mentions& counts() const { return counts_; }

 private:
  void compared(const clang::Expr* left, const clang::Expr* right) {
    const bool with_null = is_null(strip(left)) || is_null(strip(right));
    for (const clang::Expr* side : {left, right}) {
      if (named_in(strip(side)) == local_) ++(with_null ? counts_.compared_with_null : counts_.compared);
    }
  }

  const clang::VarDecl* local_;
  Mentions counts_{};
};

}  // namespace

Mentions mentions_of(const clang::VarDecl* local) {
  Counter counter(local);
  const auto* function = llvm::dyn_cast<clang::FunctionDecl>(local->getDeclContext());
  if (function != nullptr) counter.walk(function->getBody());
  return counter.counts();
}

bool keeps_its_value(const clang::VarDecl* local) {
  if (local->hasGlobalStorage() || local->getType()->isReferenceType()) return false;
  const Mentions mentions = mentions_of(local);
  return mentions.all > 0 && mentions.read == mentions.all;
}

const clang::Expr* kept_value(const clang::Expr* expression) {
  const clang::VarDecl* local = named_in(strip(expression));
  if (local == nullptr || !local->isLocalVarDecl() || local->getInit() == nullptr) return nullptr;
  return keeps_its_value(local) ? local->getInit() : nullptr;
}

}  // namespace isoaudit::analyzer
