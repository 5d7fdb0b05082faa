#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace isoaudit::analyzer {

/// Why these bytes are no whole ELF shared object that is worth parsing; empty when they look like one. Cheap: headers
/// only. It keeps cut-off and lying files away from the parser behind it.
std::string check_elf(std::span<const std::uint8_t> bytes);

}  // namespace isoaudit::analyzer
