#pragma once

#include <cstdint>

#include "analyzer/image/image.h"

/// Which of ELF's relocations are about thread-local memory (ELF handling for thread-local storage; the psABIs of
/// x86-64 and AArch64). No relocation of other machines is.
namespace isoaudit::analyzer {

/// Thread-local places (module ids, offsets) are filled in too, but never with an address of this image.
bool is_thread_local(Machine machine, std::uint32_t type);

/// The word that follows is the variable's offset, where no relocation of its own says it (ELF handling for
/// thread-local storage, 3.4).
bool asks_module(Machine machine, std::uint32_t type);

/// Thread-local memory beside the thread pointer, where it lies from the loading on, or behind a descriptor.
bool holds_thread_offset(Machine machine, std::uint32_t type);

}  // namespace isoaudit::analyzer
