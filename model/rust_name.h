#pragma once

#include <string>

namespace isoaudit::model {

/// What a C++ demangler makes of a symbol, as its source spells it where rustc made it in its older way ("legacy"
/// mangling, a C++ name whose last part is a hash: `_$LT$demo..Point$u20$as$u20$Debug$GT$::fmt::h0123456789abcdef` is
/// `<demo::Point as Debug>::fmt`); any other name as it is. Source: rustc-demangle 0.1, src/legacy.rs.
std::string rust_name(std::string demangled);

}  // namespace isoaudit::model
