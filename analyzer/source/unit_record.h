#pragma once

#include <string>
#include <string_view>

#include "analyzer/source/unit_facts.h"

/// Facts of a unit as bytes that one process writes and another reads, perhaps days later.
namespace isoaudit::analyzer {

std::string to_bytes(const UnitFacts& facts);
/// False when the bytes are none that to_bytes wrote; never throws.
bool from_bytes(std::string_view bytes, UnitFacts& facts);

}  // namespace isoaudit::analyzer
