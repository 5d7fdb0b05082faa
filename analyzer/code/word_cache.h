#pragma once

#include <cstdint>
#include <memory>

#include "analyzer/code/decoder.h"

namespace isoaudit::analyzer {

/// Remembers what the last words meant, for machines whose instructions are four bytes and mean the same wherever they
/// lie, but for distances. Compilers use few words again and again, and LLVM takes long over each.
std::unique_ptr<Decoder> remember_words(std::unique_ptr<Decoder> decoder);

}  // namespace isoaudit::analyzer
