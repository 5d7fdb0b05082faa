#pragma once

#include <memory>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// An ELF shared object's image; the bytes begin with the ELF magic.
ImageResult read_elf_image(std::shared_ptr<const MappedFile> file, WantedName wanted);

}  // namespace isoaudit::analyzer
