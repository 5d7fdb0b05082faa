#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "analyzer/image/image.h"
#include "model/binary_facts.h"

namespace isoaudit::analyzer {

/// The line of source that the instruction at an address was made of; without a line when that is not known.
using LineOf = std::function<model::Location(std::uint64_t address)>;

/// Reads all machine code of a compiled module and lists the stores to its own writable memory and who loads from
/// it. Never throws, never runs it. `read` is false, with the reason, when the file or its machine cannot be read.
/// `line_of`: empty where the file has no debug information.
model::CodeFacts collect_code(const Image& image, const LineOf& line_of = {});

}  // namespace isoaudit::analyzer
