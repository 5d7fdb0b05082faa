#pragma once

#include <clang/AST/Expr.h>

namespace isoaudit::analyzer {

/// Every interpreter meets the lock (or once flag) that `lock` names: it is static, lies in something static, or a
/// static points to it. A lock of an object, of a module's state or of a parameter keeps nobody else from a static, and
/// what cannot be told counts as one of these. Follows local pointers and references that are set once, and functions
/// of the unit that return such a lock.
bool is_shared_lock(const clang::Expr* lock);

/// The same of a call that takes a lock: its first argument, or the object of a method.
bool takes_shared_lock(const clang::CallExpr* call);

/// The same of what a lock guard is made with; false when it is told not to take the lock, or only to try.
bool holds_shared_lock(const clang::VarDecl* guard);

}  // namespace isoaudit::analyzer
