#pragma once

#include <string_view>

/// What CPython's own names say, the same whether a source or machine code uses them.
namespace isoaudit::analyzer {

/// An object that CPython defines once for the whole process, immortal and shared by design since 3.12 (PEP 683): None
/// and its like, builtin types. `name` is the object's, not that of a pointer to it.
bool names_immortal_object(std::string_view name);
/// A variable of CPython's that points to such an object: PyExc_ValueError.
bool names_immortal_pointer(std::string_view name);

}  // namespace isoaudit::analyzer
