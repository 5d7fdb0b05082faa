#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "model/binary_facts.h"

namespace isoaudit::analyzer {

/// Compilers fill neighbours with one store. Where the file names no variables, other stores tell them apart: a wide
/// store is cut where narrower ones inside it begin and end, and each piece is a write of its own. What wide stores
/// alone fill stays one.
void cut_at_neighbours(std::vector<std::pair<std::size_t, model::CodeWrite>>& writes);

}  // namespace isoaudit::analyzer
