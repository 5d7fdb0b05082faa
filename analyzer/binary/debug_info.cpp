#include "analyzer/binary/debug_info.h"

#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/DebugInfo/DWARF/DWARFDie.h>
#include <llvm/DebugInfo/DWARF/DWARFTypePrinter.h>
#include <llvm/DebugInfo/DWARF/DWARFUnit.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/DataExtractor.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>

#include <optional>
#include <vector>

namespace isoaudit::analyzer {
namespace {

/// Debug information of the largest modules that were seen is a tenth of that; more is not read.
constexpr std::uint64_t most_debug_bytes = std::uint64_t{1} << 30;
/// Blocks, namespaces and classes within each other.
constexpr unsigned deepest_nesting = 64;

class Reader {
 public:
  std::map<std::uint64_t, DeclaredVariable> read(llvm::DWARFContext& context) {
    for (const auto& unit : context.compile_units()) {
      if (const llvm::DWARFDie die = unit->getUnitDIE(false)) visit_children(die, *unit, 0);
    }
    return std::move(found_);
  }

 private:
  void visit_children(const llvm::DWARFDie& parent, llvm::DWARFUnit& unit, unsigned depth) {
    if (depth > deepest_nesting) return;
    for (const llvm::DWARFDie& die : parent.children()) {
      switch (die.getTag()) {
        case llvm::dwarf::DW_TAG_variable: take(die, unit); break;
        case llvm::dwarf::DW_TAG_subprogram:
        case llvm::dwarf::DW_TAG_lexical_block:
        case llvm::dwarf::DW_TAG_namespace: visit_children(die, unit, depth + 1); break;
        default: break;
      }
    }
  }

  void take(const llvm::DWARFDie& die, llvm::DWARFUnit& unit) {
    const std::optional<std::uint64_t> address = address_of(die, unit);
    if (!address) return;
    DeclaredVariable variable;
    variable.line = static_cast<unsigned>(die.getDeclLine());
    variable.file = file_of(die, unit);
    if (const auto type = die.findRecursively(llvm::dwarf::DW_AT_type)) {
      llvm::raw_string_ostream text(variable.type);
      llvm::dumpTypeUnqualifiedName(die.getAttributeValueAsReferencedDie(*type), text);
    }
    found_.try_emplace(*address, std::move(variable));
  }

  /// Not DWARFDie::getDeclFile: it misses constants that stand in the abbreviation, as GCC writes them in DWARF 5.
  static std::string file_of(const llvm::DWARFDie& die, llvm::DWARFUnit& unit) {
    const auto index = llvm::dwarf::toUnsigned(die.findRecursively(llvm::dwarf::DW_AT_decl_file));
    const llvm::DWARFDebugLine::LineTable* table = unit.getContext().getLineTableForUnit(&unit);
    std::string file;
    if (index && table != nullptr) {
      table->getFileNameByIndex(*index, unit.getCompilationDir(),
                                llvm::DILineInfoSpecifier::FileLineInfoKind::AbsoluteFilePath, file);
    }
    return file;
  }

  /// The address when the whole location is one; registers, stack and thread-local storage are no static memory.
  static std::optional<std::uint64_t> address_of(const llvm::DWARFDie& die, llvm::DWARFUnit& unit) {
    const auto location = die.find(llvm::dwarf::DW_AT_location);
    const auto block = location ? location->getAsBlock() : std::nullopt;
    if (!block || block->empty()) return std::nullopt;
    const llvm::DataExtractor data(*block, true, unit.getAddressByteSize());
    std::uint64_t offset = 1;
    switch ((*block)[0]) {
      case llvm::dwarf::DW_OP_addr:
        if (block->size() != 1U + unit.getAddressByteSize()) return std::nullopt;
        return data.getAddress(&offset);
      case llvm::dwarf::DW_OP_addrx: {
        const std::uint64_t index = data.getULEB128(&offset);
        if (offset != block->size() || index > UINT32_MAX) return std::nullopt;
        const auto entry = unit.getAddrOffsetSectionItem(static_cast<std::uint32_t>(index));
        return entry ? std::optional(entry->Address) : std::nullopt;
      }
      default: return std::nullopt;
    }
  }

  std::map<std::uint64_t, DeclaredVariable> found_{};
};

std::uint64_t debug_bytes(const llvm::object::ObjectFile& object) {
  std::uint64_t bytes = 0;
  for (const llvm::object::SectionRef& section : object.sections()) {
    llvm::Expected<llvm::StringRef> name = section.getName();
    if (!name) {
      llvm::consumeError(name.takeError());
      continue;
    }
    if (name->starts_with(".debug_")) bytes += section.getSize();
  }
  return bytes;
}

}  // namespace

std::map<std::uint64_t, DeclaredVariable> read_declared_variables(const Image& image) {
  if (image.format != model::BinaryFormat::elf || !image.has_symbol_table || image.file == nullptr) return {};
  const auto bytes = image.file->bytes();
  const llvm::MemoryBufferRef buffer({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "module");
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> object =
      llvm::object::ObjectFile::createELFObjectFile(buffer);
  if (!object) {
    llvm::consumeError(object.takeError());
    return {};
  }
  const std::uint64_t size = debug_bytes(**object);
  if (size == 0 || size > most_debug_bytes) return {};
  // Damage costs what it hides, no more: nothing else depends on these names.
  const auto ignore = [](llvm::Error error) { llvm::consumeError(std::move(error)); };
  const auto context = llvm::DWARFContext::create(**object, llvm::DWARFContext::ProcessDebugRelocations::Ignore,
                                                  nullptr, "", ignore, ignore);
  return context == nullptr ? std::map<std::uint64_t, DeclaredVariable>() : Reader().read(*context);
}

}  // namespace isoaudit::analyzer
