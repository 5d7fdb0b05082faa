#pragma once

#include <memory>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// The bytes begin with a Mach-O or universal magic.
bool is_macho(std::span<const std::uint8_t> bytes);

/// The images of a macOS library or bundle: one for each machine in a universal file. The leading underscore of symbols
/// is taken off: names are as in C.
ImageResult read_macho_image(std::shared_ptr<const MappedFile> file);

}  // namespace isoaudit::analyzer
