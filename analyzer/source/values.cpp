#include "analyzer/source/values.h"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "analyzer/tables/python_names.h"

namespace isoaudit::analyzer {
namespace {

using model::StoredValue;

// A chain of locals longer than this is a loop: a = b; b = a;
constexpr unsigned max_hops = 6;

// Return their argument (Include/refcount.h, Include/object.h).
constexpr std::string_view identity_functions[] = {"Py_NewRef", "Py_XNewRef", "_Py_NewRef", "_Py_XNewRef",
                                                   "_PyObject_CAST"};

/// The variable that an object is, or is a part of, without going through a pointer.
const clang::ValueDecl* part_of(const clang::Expr* object) {
  object = strip(object);
  while (object != nullptr) {
    if (const auto* member = llvm::dyn_cast<clang::MemberExpr>(object); member != nullptr && !member->isArrow()) {
      object = strip(member->getBase());
    } else if (const auto* element = llvm::dyn_cast<clang::ArraySubscriptExpr>(object)) {
      object = strip(element->getBase());
    } else {
      break;
    }
  }
  const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(object);
  return reference == nullptr ? nullptr : reference->getDecl();
}

class Resolver {
 public:
  Resolver(const clang::ASTContext& ast, const LocalValues& locals) : ast_(ast), locals_(locals) {}

  StoredExpression resolve(const clang::Expr* expression, unsigned hops = 0) {
    expression = strip(expression);
    if (expression == nullptr || hops > max_hops) return {};
    if (is_null(expression)) return {StoredValue::constant, {}, "0"};
    if (const auto* literal = llvm::dyn_cast<clang::StringLiteral>(expression)) {
      return {
          StoredValue::constant, {}, literal->isOrdinary() ? literal->getString().str().append("\"") : std::string()};
    }
    if (const auto* operation = llvm::dyn_cast<clang::BinaryOperator>(expression)) {
      if (operation->getOpcode() == clang::BO_Assign || operation->getOpcode() == clang::BO_Comma) {
        return resolve(operation->getRHS(), hops + 1);
      }
    }
    if (const auto* choice = llvm::dyn_cast<clang::ConditionalOperator>(expression)) {
      return worse(resolve(choice->getTrueExpr(), hops + 1), resolve(choice->getFalseExpr(), hops + 1));
    }
    if (const auto* address = llvm::dyn_cast<clang::UnaryOperator>(expression)) {
      if (address->getOpcode() == clang::UO_AddrOf) return address_of(address->getSubExpr());
    }
    if (const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(expression)) return named(reference, hops);
    if (const auto* call = llvm::dyn_cast<clang::CallExpr>(expression)) {
      const std::string callee = callee_name(call);
      const bool identity = std::ranges::find(identity_functions, callee) != std::end(identity_functions);
      if (identity && call->getNumArgs() == 1) return resolve(call->getArg(0), hops + 1);
      if (is_immortal_result(call, callee)) return {StoredValue::immortal, {}};
      return {StoredValue::call, callee};
    }
    if (const auto* block = llvm::dyn_cast<clang::StmtExpr>(expression)) {
      const clang::CompoundStmt* body = block->getSubStmt();
      const auto* last = body->body_empty() ? nullptr : llvm::dyn_cast<clang::Expr>(body->body_back());
      return resolve(last, hops + 1);
    }
    if (const auto* construct = llvm::dyn_cast<clang::CXXConstructExpr>(expression)) {
      if (construct->getNumArgs() == 1) return resolve(construct->getArg(0), hops + 1);
      return {};
    }
    if (!expression->isValueDependent() && expression->getType()->isScalarType() &&
        expression->isEvaluatable(ast_, clang::Expr::SE_NoSideEffects)) {
      return {StoredValue::constant, {}, constant_text(expression)};
    }
    return {};
  }

 private:
  /// Of two possible values the one that says more: a call, then a parameter, then what is not known.
  static StoredExpression worse(StoredExpression a, const StoredExpression& b) {
    if (a.text != b.text) a.text.clear();
    const auto rank = [](const StoredExpression& e) {
      switch (e.value) {
        case StoredValue::call: return 5;
        case StoredValue::parameter: return 4;
        case StoredValue::changed:
        case StoredValue::unknown: return 3;
        case StoredValue::static_address: return 2;
        case StoredValue::immortal: return 1;
        case StoredValue::constant: return 0;
      }
      return 0;
    };
    if (rank(a) >= rank(b)) return a;
    return {b.value, b.callee, a.text};
  }

  /// PyTuple_New(0), PyLong_FromLong(1), PyUnicode_FromString("").
  bool is_immortal_result(const clang::CallExpr* call, std::string_view callee) const {
    const ImmortalResult* result = immortal_result(callee);
    if (result == nullptr) return false;
    if (result->argument == ImmortalResult::no_argument) return true;
    if (call->getNumArgs() <= result->argument) return false;
    const clang::Expr* argument = call->getArg(result->argument);
    std::int64_t value = 0;
    if (result->text) {
      const auto* literal = llvm::dyn_cast_or_null<clang::StringLiteral>(strip(argument));
      if (literal == nullptr || !literal->isOrdinary()) return false;
      value = literal->getLength();
    } else {
      clang::Expr::EvalResult evaluated;
      if (argument->isValueDependent() || !argument->EvaluateAsInt(evaluated, ast_)) return false;
      const llvm::APSInt& number = evaluated.Val.getInt();
      if (!number.isRepresentableByInt64()) return false;
      value = number.getExtValue();
    }
    return value >= result->lowest && value <= result->highest;
  }

  std::string constant_text(const clang::Expr* expression) const {
    clang::Expr::EvalResult result;
    return expression->EvaluateAsRValue(result, ast_) ? result.Val.getAsString(ast_, expression->getType()) : "";
  }

  StoredExpression named(const clang::DeclRefExpr* reference, unsigned hops) {
    const clang::ValueDecl* declaration = reference->getDecl();
    if (llvm::isa<clang::FunctionDecl>(declaration))
      return {StoredValue::static_address, {}, declaration->getNameAsString()};
    if (llvm::isa<clang::EnumConstantDecl>(declaration))
      return {StoredValue::constant, {}, declaration->getNameAsString()};
    if (is_immortal(declaration)) return {StoredValue::immortal, {}, declaration->getNameAsString()};
    const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration);
    if (variable == nullptr) return {};
    if (variable->hasGlobalStorage()) {
      return variable->getType()->isArrayType()
                 ? StoredExpression{StoredValue::static_address, {}, variable->getNameAsString()}
                 : StoredExpression{};
    }
    if (const auto known = locals_.find(variable); known != locals_.end()) {
      // Once is enough, and else unrolled code (a = d; d = c; c = b; ...) would never end.
      if (!seen_.insert(variable).second) return {StoredValue::constant, {}};
      StoredExpression value = resolve(known->second.front(), hops + 1);
      for (const clang::Expr* other : known->second) value = worse(value, resolve(other, hops + 1));
      value.text.clear();  // NULL and 0 are not among its values
      return value;
    }
    return {llvm::isa<clang::ParmVarDecl>(variable) ? StoredValue::parameter : StoredValue::unknown, {}};
  }

  static StoredExpression address_of(const clang::Expr* object) {
    const clang::ValueDecl* named = part_of(object);
    if (named == nullptr) return {};
    if (is_immortal(named)) return {StoredValue::immortal, {}, named->getNameAsString()};
    const auto* variable = llvm::dyn_cast<clang::VarDecl>(named);
    const bool is_static = variable == nullptr || variable->hasGlobalStorage();
    if (!is_static) return {};
    // Of `&table[i]` only the table is known.
    const bool whole = llvm::isa_and_nonnull<clang::DeclRefExpr>(strip(object));
    return {StoredValue::static_address, {}, whole ? named->getNameAsString() : std::string()};
  }

  const clang::ASTContext& ast_;
  const LocalValues& locals_;
  std::unordered_set<const clang::VarDecl*> seen_{};
};

}  // namespace

bool is_immortal(const clang::ValueDecl* declaration) {
  const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration);
  if (variable == nullptr || !variable->hasExternalStorage()) return false;
  const std::string_view name(variable->getName());
  return names_immortal_object(name) || names_immortal_pointer(name);
}

const clang::ValueDecl* addressed(const clang::Expr* expression) {
  expression = strip(expression);
  const auto* address = llvm::dyn_cast_or_null<clang::UnaryOperator>(expression);
  if (address != nullptr) return address->getOpcode() == clang::UO_AddrOf ? part_of(address->getSubExpr()) : nullptr;
  if (expression == nullptr || !expression->getType()->isArrayType()) return nullptr;
  return part_of(expression);
}

const clang::Expr* strip(const clang::Expr* expression) {
  while (expression != nullptr) {
    const clang::Expr* inner = expression->IgnoreParenCasts();
    if (const auto* full = llvm::dyn_cast<clang::FullExpr>(inner)) inner = full->getSubExpr();
    if (const auto* temporary = llvm::dyn_cast<clang::MaterializeTemporaryExpr>(inner)) inner = temporary->getSubExpr();
    if (const auto* bound = llvm::dyn_cast<clang::CXXBindTemporaryExpr>(inner)) inner = bound->getSubExpr();
    if (inner == expression) return inner;
    expression = inner;
  }
  return nullptr;
}

bool is_null(const clang::Expr* expression) {
  if (expression == nullptr || expression->isValueDependent()) return false;
  expression = expression->IgnoreParenCasts();
  if (llvm::isa<clang::CXXNullPtrLiteralExpr, clang::GNUNullExpr>(expression)) return true;
  const auto* literal = llvm::dyn_cast<clang::IntegerLiteral>(expression);
  return literal != nullptr && literal->getValue().isZero();
}

std::string callee_name(const clang::Expr* call) {
  const auto* expression = llvm::dyn_cast_or_null<clang::CallExpr>(call);
  if (expression == nullptr) return {};
  const auto* function = llvm::dyn_cast_or_null<clang::FunctionDecl>(expression->getCalleeDecl());
  if (function == nullptr) return {};
  if (const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(function)) {
    return method->getParent()->getNameAsString() + "::" + method->getNameAsString();
  }
  return function->getQualifiedNameAsString();
}

StoredExpression stored_expression(const clang::Expr* expression, const clang::ASTContext& ast,
                                   const LocalValues& locals) {
  return Resolver(ast, locals).resolve(expression);
}

}  // namespace isoaudit::analyzer
