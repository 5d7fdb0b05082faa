#pragma once

#include <clang/AST/Decl.h>

#include "analyzer/source/ancestors.h"

namespace isoaudit::analyzer {

/// Finds what only the main interpreter does: `if (_Py_IsMainInterpreter(interp)) { ... }`,
/// `if (PyInterpreterState_Get() != PyInterpreterState_Main()) return;`. The visitor calls it in source order.
class MainGuard {
 public:
  void enter_function() { mentioned_ = false; }
  void named(const clang::FunctionDecl* function);

  /// The last node is reached in the main interpreter alone, as far as its function shows.
  bool holds(const Ancestors& ancestors) const;

 private:
  bool mentioned_ = false;
};

}  // namespace isoaudit::analyzer
