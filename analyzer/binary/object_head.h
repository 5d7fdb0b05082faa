#pragma once

#include <cstdint>
#include <string_view>

#include "analyzer/image/memory.h"
#include "model/python_version.h"

/// What every static object begins with, for all layouts (rules.md 3.1).
namespace isoaudit::analyzer {

/// The words before ob_type are those that PyObject_HEAD_INIT makes in that version.
bool has_static_head(const Memory& memory, std::uint64_t address, const model::PythonLayout& layout);

/// Where ob_type lies from the object's start.
unsigned type_offset(const model::PythonLayout& layout);

bool has_no_type(const Memory& memory, std::uint64_t address, const model::PythonLayout& layout);

/// "numpy.dtype", "_speedups": identifiers (UTF-8 counts as letters) with dots between them.
bool is_dotted_name(std::string_view text);

}  // namespace isoaudit::analyzer
