#pragma once

#include <cstdint>
#include <string>

#include "analyzer/binary/module_def.h"
#include "model/module_definition.h"

namespace isoaudit::analyzer {

/// What slots in zero-initialised memory are worth that no known store touches.
struct UntouchedSlots {
  /// Why they may be filled nevertheless, for the report; empty when nothing can.
  std::string filled_by{};
  /// Even the rest of a table whose beginning is stored.
  bool rest_too = false;
};

/// What a definition that goes to PyModuleDef_Init declares to that version: its slots read as that runtime reads them,
/// nested tables included (rules.md 3.1). Undetermined where that depends on slots that somebody else may fill.
model::Declaration decode_definition(const Memory& memory, const ModuleDef& def, model::PythonVersion version,
                                     const UntouchedSlots& untouched);

/// What the PySlot array that a PyModExport_ hook returns declares (3.15, PEP 793).
model::Declaration decode_export_slots(const Memory& memory, std::uint64_t array, model::PythonVersion version,
                                       const UntouchedSlots& untouched);

/// A definition that goes to PyModule_Create: only its size and GC functions speak.
model::Declaration declare_single_phase(const ModuleDef& def);

}  // namespace isoaudit::analyzer
