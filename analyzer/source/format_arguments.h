#pragma once

#include <clang/AST/Expr.h>

#include <optional>

#include "analyzer/tables/formats.h"

namespace isoaudit::analyzer {

struct FormatArgument {
  FormatUse use = FormatUse::read;
  /// For FormatUse::converted: the function that gets the address, and as which argument; null when only the run knows.
  const clang::FunctionDecl* converter = nullptr;
  unsigned parameter = 0;
};

/// What a call of PyArg_ParseTuple, Py_BuildValue or their kin does with its argument `index`, where its format is a
/// literal; nothing for other calls, other formats and the arguments before those that the format speaks of.
std::optional<FormatArgument> format_argument(const clang::CallExpr* call, unsigned index);

}  // namespace isoaudit::analyzer
