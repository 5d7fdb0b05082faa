#pragma once

#include <string_view>

namespace isoaudit::model {

/// A function or variable of CPython's own, by its linker name: "Py_…" and "Py…" of the C API, "_Py…" of its inside
/// (Doc/c-api/intro.rst of CPython 3.14: extensions define no names with these prefixes).
constexpr bool is_c_api_name(std::string_view name) { return name.starts_with("Py") || name.starts_with("_Py"); }

}  // namespace isoaudit::model
