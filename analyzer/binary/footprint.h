#pragma once

#include "analyzer/image/image.h"
#include "model/binary_facts.h"

namespace isoaudit::analyzer {

/// What the image's sections, relocations and symbols tell; no code is read.
model::Footprint footprint_of(const Image& image);

}  // namespace isoaudit::analyzer
