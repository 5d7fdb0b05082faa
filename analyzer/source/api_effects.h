#pragma once

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>

#include <optional>

#include "analyzer/source/effect.h"
#include "analyzer/source/source_places.h"

namespace isoaudit::analyzer {

/// For argument `index` of `call`, by the parameter's type and, where that tells too little, by tables of CPython's
/// API and libc.
Effect effect_on_argument(const clang::CallExpr* call, unsigned index);
Effect effect_on_argument(const clang::CXXConstructExpr* construct, unsigned index);

/// What the call surely does with that argument, by the tables of locks and of the C library; nothing for functions
/// that they do not hold, and for the project's own of these names.
std::optional<Effect> effect_by_name(const clang::CallExpr* call, unsigned index, SourcePlaces& places);

}  // namespace isoaudit::analyzer
