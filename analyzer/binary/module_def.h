#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analyzer/image/memory.h"
#include "model/python_version.h"

namespace isoaudit::analyzer {

/// A PyModuleDef's fields as they lie in memory (rules.md 3.1).
struct ModuleDef {
  std::uint64_t address = 0;
  /// m_name, dots and all.
  std::string name{};
  std::int64_t size = 0;
  Pointer slots{}, traverse{}, clear{}, free{};
  /// Where m_slots itself lies.
  std::uint64_t slots_at = 0;

  /// "_speedups" of "markupsafe._speedups".
  std::string last_component() const;
};

/// Reads the fields at an address that is known to be a definition. Empty when they cannot be one: name no text, size
/// absurd, pointers that are none.
std::optional<ModuleDef> read_module_def(const Memory& memory, std::uint64_t address,
                                         const model::PythonLayout& layout);

/// Searches initialised writable memory for definitions whose header is that of one of the layouts, and for definitions
/// with any header whose name's last component is in `names` (rules.md 3.2). Sorted by address.
std::vector<ModuleDef> find_module_defs(const Memory& memory, std::span<const model::PythonLayout* const> layouts,
                                        std::span<const std::string> names);

}  // namespace isoaudit::analyzer
