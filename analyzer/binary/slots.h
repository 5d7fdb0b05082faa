#pragma once

#include <cstdint>

#include "analyzer/binary/module_def.h"
#include "model/module_definition.h"

namespace isoaudit::analyzer {

/// What a definition that goes to PyModuleDef_Init declares to that version: its slots read as that runtime reads them,
/// nested tables included (rules.md 3.1). `slots_are_final` = nothing else can fill a table that lies in
/// zero-initialised memory; without it such a table is undetermined.
model::Declaration decode_definition(const Memory& memory, const ModuleDef& def, model::PythonVersion version,
                                     bool slots_are_final);

/// What the PySlot array that a PyModExport_ hook returns declares (3.15, PEP 793).
model::Declaration decode_export_slots(const Memory& memory, std::uint64_t array, model::PythonVersion version);

/// A definition that goes to PyModule_Create: only its size and GC functions speak.
model::Declaration declare_single_phase(const ModuleDef& def);

}  // namespace isoaudit::analyzer
