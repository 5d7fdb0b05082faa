#pragma once

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

#include "analyzer/source/effect.h"

namespace isoaudit::analyzer {

/// For argument `index` of `call`, by the parameter's type and, where that tells too little, by tables of CPython's
/// API and libc.
Effect effect_on_argument(const clang::CallExpr* call, unsigned index);
Effect effect_on_argument(const clang::CXXConstructExpr* construct, unsigned index);

}  // namespace isoaudit::analyzer
