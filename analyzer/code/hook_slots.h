#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// A function that a module's hook puts into a slot for the import system to call.
struct FunctionInHookSlot {
  std::uint64_t hook = 0;
  std::uint64_t function = 0;
  bool creates = false;  ///< Py_mod_create, else Py_mod_exec
};

/// For modules whose slots are filled in by code (orjson, pybind11): the hooks are read, and the slots that their
/// definitions then have. Sorted, each once.
std::vector<FunctionInHookSlot> find_functions_in_hook_slots(const Image& image);

}  // namespace isoaudit::analyzer
