#pragma once

#include <vector>

#include "loader_probe/inside/inventory.h"
#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

/// Reports (events::common) mortal objects that the module offers in two interpreters, whether or not a global leads
/// there. What they refer to is not reported beside them, nor what other modules share. Main counts where it has the
/// module. `images` as Watched has them: what lies in a file is that file's, and reported as such.
/// Those in `known`, which is sorted, are left out.
void report_common_objects(const std::vector<Inventory>& inventories, const std::vector<ImageRange>& images,
                           const std::vector<std::uintptr_t>& known, Questions& questions);

}  // namespace isoaudit::inside
