#pragma once

#include <cstdint>
#include <string>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// What people call a place in an image: the symbol that covers it, as the linker knows it, else section and offset
/// (".data+0x40").
std::string place_name(const Image& image, std::uint64_t address);

/// The same for code: only a symbol that begins there names it.
std::string code_name(const Image& image, std::uint64_t address);

/// A symbol as its source spells it; itself when it is not mangled.
std::string demangled(const std::string& symbol);

/// A function's symbol as its source spells it: demangled, without what compilers add to the names of parts and copies
/// (".cold", ".part.0", ".constprop.0").
std::string source_name(const std::string& symbol);

}  // namespace isoaudit::analyzer
