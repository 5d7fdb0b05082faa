#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/AST/Expr.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// What one expression stores.
struct StoredExpression {
  model::StoredValue value = model::StoredValue::unknown;
  /// For StoredValue::call: the function's name; empty for a call through a pointer.
  std::string callee{};
  /// For StoredValue::constant: the value as text, where one text means one value; else empty.
  std::string text{};
};

/// The values that each local variable got so far, in source order: `tmp = PyErr_NewException(..); Global = tmp;`. A
/// null entry stands for a value that no expression shows (its address went somewhere). NULL does not count: it is what
/// a local holds before its value.
using LocalValues = std::unordered_map<const clang::VarDecl*, std::vector<const clang::Expr*>>;

/// Looks through casts, parentheses, chained assignments, Py_NewRef and locals.
StoredExpression stored_expression(const clang::Expr* expression, const clang::ASTContext& ast,
                                   const LocalValues& locals);

/// The called function's plain name; of a method "Class::method". Empty when it is not known before the run.
std::string callee_name(const clang::Expr* call);

/// The variable whose address, or part's address, `expression` is: `&x`, `&x.member`, `array`, `&array[1]`; null for
/// anything else.
const clang::ValueDecl* addressed(const clang::Expr* expression);

/// Immortal and shared by design since 3.12: None and its like, builtin types, PyExc_*, as CPython's headers declare
/// them.
bool is_immortal(const clang::ValueDecl* declaration);

/// NULL, 0, nullptr.
bool is_null(const clang::Expr* expression);

/// Without parentheses, casts, cleanups, temporaries, _Generic and `?:` of a constant: what was meant.
const clang::Expr* strip(const clang::Expr* expression);

}  // namespace isoaudit::analyzer
