#pragma once

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

namespace isoaudit::analyzer {

/// What a function may do with an address that it gets.
enum class Effect {
  none,    ///< reads at most
  shares,  ///< keeps or hands on the object's address, writes nothing of the variable
  writes,  ///< writes, or nothing better is known of it
};

/// For argument `index` of `call`, by the parameter's type and, where that tells too little, by tables of CPython's
/// API and libc.
Effect effect_on_argument(const clang::CallExpr* call, unsigned index);
Effect effect_on_argument(const clang::CXXConstructExpr* construct, unsigned index);

}  // namespace isoaudit::analyzer
