#pragma once

#include <string_view>

/// Methods of C++'s containers, by their demangled names: those of plain data hold no Python objects, whatever else is
/// known of what they store.
namespace isoaudit::rules {

/// A method of std::string, of libstdc++ or libc++.
bool is_text_method(std::string_view function);

/// That, or a method of a container whose elements are numbers, texts or containers of these, and that gets nothing
/// else: each type that its name tells is C++'s own.
bool is_method_of_data(std::string_view function);

}  // namespace isoaudit::rules
