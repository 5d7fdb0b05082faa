#pragma once

#include <memory>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// A Windows DLL's image (.pyd); the bytes begin with the DOS magic. Addresses are those of the preferred base.
ImageResult read_pe_image(std::shared_ptr<const MappedFile> file);

}  // namespace isoaudit::analyzer
