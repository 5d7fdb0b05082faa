#pragma once

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

namespace isoaudit::analyzer {

/// How often the function around a local or parameter names it, and what for.
struct Mentions {
  unsigned all = 0;
  unsigned read = 0;      ///< its value is taken
  unsigned compared = 0;  ///< it is a side of == or !=
  unsigned compared_with_null = 0;
};

Mentions mentions_of(const clang::VarDecl* local);

/// Nothing gives it another value: all that names it takes the one that it has from the start.
bool keeps_its_value(const clang::VarDecl* local);

/// What a local that keeps its value was initialised with; null for any other expression.
const clang::Expr* kept_value(const clang::Expr* expression);

}  // namespace isoaudit::analyzer
