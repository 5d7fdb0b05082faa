#pragma once

#include <string>
#include <string_view>

namespace isoaudit::reports {

/// The text with `…` for template arguments and parameters of more than 32 bytes: a demangled name of C++ can have
/// hundreds, and what follows them tells one function from another. Brackets that no name stands before, and those that
/// have no partner (`operator<`, `->`), stay as they are.
std::string with_short_arguments(std::string_view text);

}  // namespace isoaudit::reports
