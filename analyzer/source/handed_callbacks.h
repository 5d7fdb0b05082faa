#pragma once

#include <clang/AST/Expr.h>

#include <optional>

#include "analyzer/source/python_types.h"
#include "analyzer/source/source_places.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// A call that hands a function of the project to one outside of it, together with a Python object: who registers a
/// callback. CPython's API is left out, and so is what calls its callback before it returns (qsort).
std::optional<model::HandedCallback> handed_callback(const clang::CallExpr* call, const clang::FunctionDecl* inside,
                                                     PythonTypes& types, SourcePlaces& places);

}  // namespace isoaudit::analyzer
