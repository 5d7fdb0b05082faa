#pragma once

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

namespace isoaudit::analyzer {

/// All that the function around a local asks of it is whether it is null, or equal to something else, and it asks for
/// the latter.
bool is_only_compared(const clang::VarDecl* local);

/// Of a local or parameter: nothing gives it another value, all that names it takes the one that it has from the start.
bool keeps_its_value(const clang::VarDecl* local);

/// What a local that keeps its value was initialised with; null for any other expression.
const clang::Expr* kept_value(const clang::Expr* expression);

}  // namespace isoaudit::analyzer
