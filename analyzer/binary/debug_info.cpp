#include "analyzer/binary/debug_info.h"

#include <llvm/DebugInfo/DWARF/DWARFDie.h>
#include <llvm/DebugInfo/DWARF/DWARFTypePrinter.h>
#include <llvm/DebugInfo/DWARF/DWARFUnit.h>
#include <llvm/Support/DataExtractor.h>
#include <llvm/Support/raw_ostream.h>

#include <optional>
#include <vector>

#include "analyzer/binary/dwarf.h"

namespace isoaudit::analyzer {
namespace {

/// Blocks, namespaces and classes within each other.
constexpr unsigned deepest_nesting = 64;

class Reader {
 public:
  DeclaredVariables read(llvm::DWARFContext& context) {
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
    const std::optional<Where> where = where_of(die, unit);
    if (!where) return;
    DeclaredVariable variable;
    variable.line = static_cast<unsigned>(die.getDeclLine());
    variable.file = file_of(die, unit);
    if (const auto type = die.findRecursively(llvm::dwarf::DW_AT_type)) {
      llvm::raw_string_ostream text(variable.type);
      llvm::dumpTypeUnqualifiedName(die.getAttributeValueAsReferencedDie(*type), text);
    }
    (where->in_thread ? found_.thread_locals : found_.statics).try_emplace(where->at, std::move(variable));
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

  struct Where {
    std::uint64_t at = 0;
    bool in_thread = false;
  };

  /// Where the whole location is one address or one place in thread-local memory; registers and stack are neither.
  static std::optional<Where> where_of(const llvm::DWARFDie& die, llvm::DWARFUnit& unit) {
    const auto location = die.find(llvm::dwarf::DW_AT_location);
    const auto block = location ? location->getAsBlock() : std::nullopt;
    if (!block || block->empty()) return std::nullopt;
    const llvm::DataExtractor data(*block, true, unit.getAddressByteSize());
    std::uint64_t offset = 1;
    switch ((*block)[0]) {
      case llvm::dwarf::DW_OP_addr:
        if (block->size() != 1U + unit.getAddressByteSize()) return std::nullopt;
        return Where{data.getAddress(&offset), false};
      case llvm::dwarf::DW_OP_addrx: {
        const std::uint64_t index = data.getULEB128(&offset);
        if (offset != block->size() || index > UINT32_MAX) return std::nullopt;
        const auto entry = unit.getAddrOffsetSectionItem(static_cast<std::uint32_t>(index));
        return entry ? std::optional(Where{entry->Address, false}) : std::nullopt;
      }
      case llvm::dwarf::DW_OP_const8u: {
        // DWARF 5, 2.5.1.3; before it GNU's operation of the same meaning.
        const std::uint64_t at = data.getU64(&offset);
        const bool ends = offset + 1 == block->size();
        const bool in_thread = ends && (block->back() == llvm::dwarf::DW_OP_form_tls_address ||
                                        block->back() == llvm::dwarf::DW_OP_GNU_push_tls_address);
        return in_thread ? std::optional(Where{at, true}) : std::nullopt;
      }
      default: return std::nullopt;
    }
  }

  DeclaredVariables found_{};
};

}  // namespace

DeclaredVariables read_declared_variables(const Image& image) {
  if (!image.has_symbol_table) return {};
  const Dwarf dwarf = open_dwarf(image, ".debug_info");
  return dwarf.context == nullptr ? DeclaredVariables() : Reader().read(*dwarf.context);
}

}  // namespace isoaudit::analyzer
