#pragma once

#include <string>

#include "analyzer/image/image.h"
#include "model/binary_facts.h"

namespace isoaudit::analyzer {

/// Reads all machine code of a compiled module and lists the stores to its own writable memory and who loads from
/// it. Never throws, never runs it. `read` is false, with the reason, when the file or its machine cannot be read.
model::CodeFacts collect_code(const Image& image);

}  // namespace isoaudit::analyzer
