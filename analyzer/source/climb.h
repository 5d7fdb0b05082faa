#pragma once

#include <string>

#include "analyzer/source/format_arguments.h"
#include "analyzer/source/uses.h"

namespace isoaudit::analyzer {

/// One walk from a place that names a variable up to what is done with it.
class Climb {
 public:
  using Path = UseCollector::Path;

  Climb(UseCollector& owner, const clang::VarDecl* variable, const Ancestors& ancestors,
        const clang::FunctionDecl* function)
      : owner_(owner), variable_(variable), ancestors_(ancestors), function_(function) {}

  /// ancestors[at] stands for what `path` says.
  void from(std::size_t at, Path path);

 private:
  using Stands = Path::Stands;
  enum class Next { stop, go_on, skip_one };

  Next step(const clang::Expr* child, Node parent);
  bool into_known_element(const clang::CastExpr* array);
  Next through_cast(const clang::CastExpr* cast);
  Next through_unary(const clang::UnaryOperator* unary);
  Next through_binary(const clang::Expr* child, const clang::BinaryOperator* binary);
  Next through_member(const clang::MemberExpr* member);
  Next through_method(const clang::MemberExpr* member, const clang::CallExpr* call);
  Next through_call(const clang::Expr* child, const clang::CallExpr* call);
  Next through_operator(const clang::CallExpr* call);
  Next through_format(const FormatArgument& argument, const std::string& callee);
  Next through_construct(const clang::Expr* child, const clang::CXXConstructExpr* construct);
  Next into_variable(const clang::VarDecl* local, bool initialises);
  Next into_atomic(const clang::Expr* child, const clang::AtomicExpr* atomic);
  Next result_of_accessor(const clang::CallExpr* call);

  VariableUses& use() { return owner_.uses_[variable_]; }
  Next read();
  Next taken();
  /// Its address, or a reference to it, is an argument of that parameter.
  Next passed(const clang::FunctionDecl* callee, const std::string& name, unsigned parameter, Effect otherwise);
  Next passed_to_unknown(const std::string& name);
  void write(model::WriteKind kind, const StoredExpression& value, const std::string& guard = {});
  model::Write describe(model::WriteKind kind, const StoredExpression& value, const std::string& guard) const;
  /// What guards a store to the variable itself: its type.
  std::string own_guard() const { return !path_.through && variable_->getType()->isAtomicType() ? "_Atomic" : ""; }
  bool is_parameter() const { return llvm::isa<clang::ParmVarDecl>(variable_); }
  void store(const clang::Expr* value);
  StoredExpression evaluate(const clang::Expr* value) const;

  UseCollector& owner_;
  const clang::VarDecl* variable_;
  const Ancestors& ancestors_;
  const clang::FunctionDecl* function_;
  std::size_t at_ = 0;
  Path path_{};
};

}  // namespace isoaudit::analyzer
