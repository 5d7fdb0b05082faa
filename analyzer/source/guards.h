#pragma once

#include <string>
#include <string_view>

#include "analyzer/source/ancestors.h"

namespace isoaudit::analyzer {

/// The lock that is held at the last node and that every interpreter meets, as far as the function itself shows: a call
/// such as PyMutex_Lock before it in an enclosing block and no unlock between, a std::lock_guard that lives there, a
/// std::call_once lambda around it. Empty when there is none.
std::string guard_around(const Ancestors& ancestors);

/// What follows the statement is not reached through it: it ends in return, goto, break, continue or throw.
bool leaves(const clang::Stmt* statement);

/// "__atomic_store_n", "_Py_atomic_store_ptr", "__sync_fetch_and_add", "InterlockedExchange".
bool is_atomic_function(std::string_view callee);

}  // namespace isoaudit::analyzer
