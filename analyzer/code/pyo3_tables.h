#pragma once

#include <cstdint>
#include <string>

#include "analyzer/image/memory.h"

namespace isoaudit::analyzer {

/// "method `insert`", "attribute `size`": what Python knows the code by whose address lies at `place` in one of the
/// tables that PyO3 makes types of; empty when it lies in none.
std::string pyo3_name(const Memory& memory, std::uint64_t place);
/// "tp_iter of a type": the same for slots. Other libraries have tables of numbers and functions too: to be asked of
/// files that PyO3 is in.
std::string pyo3_slot(const Memory& memory, std::uint64_t place);
/// Its constant texts name PyO3: the places of its panics, or its own module of exceptions.
bool names_pyo3(const Image& image);

}  // namespace isoaudit::analyzer
