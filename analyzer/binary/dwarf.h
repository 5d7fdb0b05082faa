#pragma once

#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Object/ObjectFile.h>

#include <memory>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// Inside analyzer/binary only: LLVM's reader of a file's own debug information.
struct Dwarf {
  std::unique_ptr<llvm::object::ObjectFile> object{};
  /// Null when there is none, or more than is read. Looks into `object`, and both into the file that the image holds.
  std::unique_ptr<llvm::DWARFContext> context{};
};

/// `section` has to be there (".debug_line"). Damage costs what it hides, no more: nothing else depends on it.
Dwarf open_dwarf(const Image& image, llvm::StringRef section);

}  // namespace isoaudit::analyzer
