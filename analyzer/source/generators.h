#pragma once

#include <string>
#include <string_view>

namespace isoaudit::analyzer {

/// The tool that wrote a source file, by its name and the banner in its first lines: "cython", "swig",
/// "argument-clinic", "f2py", "mypyc", "cffi"; empty for a file that a person wrote.
std::string generator_of(std::string_view path, std::string_view text);

}  // namespace isoaudit::analyzer
