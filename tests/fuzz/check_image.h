#pragma once

#include "analyzer/image/image.h"

namespace isoaudit::fuzz {

/// Ends the process when an image breaks what image.h promises: a reader that does not crash itself may still hand on
/// what makes others crash.
void check_image(const analyzer::Image& image);

}  // namespace isoaudit::fuzz
