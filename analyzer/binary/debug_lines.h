#pragma once

#include "analyzer/code/collect_code.h"
#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// The file's own line table, as DWARF has it; empty where there is none. The image must outlive the answer.
LineOf read_lines(const Image& image);

}  // namespace isoaudit::analyzer
