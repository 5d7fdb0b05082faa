#pragma once

#include <memory>

#include "analyzer/code/decoder.h"

namespace isoaudit::analyzer {

/// Remembers what x86-64 instructions meant, by all their bytes but a distance: compilers use few again and again, and
/// LLVM takes long over each.
std::unique_ptr<Decoder> remember_bytes(std::unique_ptr<Decoder> decoder);

}  // namespace isoaudit::analyzer
