#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace isoaudit::analyzer {

/// SHA-256 in lower-case hexadecimal.
std::string sha256_hex(std::span<const std::uint8_t> bytes);

}  // namespace isoaudit::analyzer
