#include "analyzer/binary/dwarf.h"

#include <llvm/Support/MemoryBuffer.h>

#include <utility>

namespace isoaudit::analyzer {
namespace {

/// Debug information of the largest modules that were seen is a tenth of that; more is not read.
constexpr std::uint64_t most_debug_bytes = std::uint64_t{1} << 30;

/// Bytes of all sections with debug information; 0 where the one that is asked for is not among them.
std::uint64_t debug_bytes(const llvm::object::ObjectFile& object, llvm::StringRef wanted) {
  std::uint64_t bytes = 0;
  bool there = false;
  for (const llvm::object::SectionRef& section : object.sections()) {
    llvm::Expected<llvm::StringRef> name = section.getName();
    if (!name) {
      llvm::consumeError(name.takeError());
      continue;
    }
    there = there || *name == wanted;
    if (name->starts_with(".debug_")) bytes += section.getSize();
  }
  return there ? bytes : 0;
}

}  // namespace

Dwarf open_dwarf(const Image& image, llvm::StringRef section) {
  Dwarf dwarf;
  if (image.format != model::BinaryFormat::elf || image.file == nullptr) return dwarf;
  const auto bytes = image.file->bytes();
  const llvm::MemoryBufferRef buffer({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "module");
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> object =
      llvm::object::ObjectFile::createELFObjectFile(buffer);
  if (!object) {
    llvm::consumeError(object.takeError());
    return dwarf;
  }
  const std::uint64_t size = debug_bytes(**object, section);
  if (size == 0 || size > most_debug_bytes) return dwarf;
  const auto ignore = [](llvm::Error error) { llvm::consumeError(std::move(error)); };
  dwarf.object = std::move(*object);
  dwarf.context = llvm::DWARFContext::create(*dwarf.object, llvm::DWARFContext::ProcessDebugRelocations::Ignore,
                                             nullptr, "", ignore, ignore);
  return dwarf;
}

}  // namespace isoaudit::analyzer
