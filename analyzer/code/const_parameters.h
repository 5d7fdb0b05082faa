#pragma once

#include <string>

namespace isoaudit::analyzer {

/// Whether the C++ function of that mangled name promises, by the types of its parameters or as a const method, not to
/// write what its argument number `argument` (from 0) points to. Where the object that it works on and the place of its
/// result come in between, a name does not always tell: then all readings have to agree.
bool takes_constant(const std::string& function, unsigned argument);

}  // namespace isoaudit::analyzer
