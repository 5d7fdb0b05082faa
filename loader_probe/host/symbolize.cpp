#include "loader_probe/host/symbolize.h"

#include <llvm/Demangle/Demangle.h>
#include <llvm/Object/ELFObjectFile.h>

#include <algorithm>
#include <vector>

#include "model/rust_name.h"

namespace isoaudit::loader_probe {
namespace {

using llvm::object::ELFObjectFileBase;
using llvm::object::ELFSectionRef;
using llvm::object::ELFSymbolRef;

struct Section {
  std::string name;
  std::uint64_t begin;
  std::uint64_t end;
  bool is_thread_local;
};

struct Symbol {
  std::string name;
  std::uint64_t begin;
  std::uint64_t end;
  bool is_thread_local;
};

}  // namespace

struct Symbolizer::Tables {
  std::vector<Section> sections{};
  std::vector<Symbol> symbols{};  ///< sorted by begin

  void read_sections(const ELFObjectFileBase& file) {
    for (const ELFSectionRef section : file.sections()) {
      if (!(section.getFlags() & llvm::ELF::SHF_ALLOC) || section.getSize() == 0) continue;
      llvm::Expected<llvm::StringRef> name = section.getName();
      if (!name) {
        llvm::consumeError(name.takeError());
        continue;
      }
      sections.push_back({name->str(), section.getAddress(), section.getAddress() + section.getSize(),
                          (section.getFlags() & llvm::ELF::SHF_TLS) != 0});
    }
  }

  // A thread-local symbol's value is its offset in the block that begins at the first thread-local section.
  void read_symbol(const ELFSymbolRef& symbol, std::uint64_t thread_local_base) {
    const bool is_thread_local = symbol.getELFType() == llvm::ELF::STT_TLS;
    if (symbol.getELFType() != llvm::ELF::STT_OBJECT && !is_thread_local) return;
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    llvm::Expected<std::uint64_t> value = symbol.getValue();
    llvm::Expected<std::uint32_t> flags = symbol.getFlags();
    if (!name || !value || !flags) {
      llvm::consumeError(name.takeError());
      llvm::consumeError(value.takeError());
      llvm::consumeError(flags.takeError());
      return;
    }
    if (symbol.getSize() == 0 || name->empty() || (*flags & ELFSymbolRef::SF_Undefined)) return;
    const std::uint64_t begin = *value + (is_thread_local ? thread_local_base : 0);
    symbols.push_back({name->str(), begin, begin + symbol.getSize(), is_thread_local});
  }

  void read(const ELFObjectFileBase& file) {
    read_sections(file);
    std::uint64_t thread_local_base = ~std::uint64_t{0};
    for (const Section& section : sections) {
      if (section.is_thread_local) thread_local_base = std::min(thread_local_base, section.begin);
    }
    for (const ELFSymbolRef symbol : file.symbols()) read_symbol(symbol, thread_local_base);
    for (const ELFSymbolRef symbol : file.getDynamicSymbolIterators()) read_symbol(symbol, thread_local_base);
    std::sort(symbols.begin(), symbols.end(), [](const Symbol& a, const Symbol& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
  }
};

Symbolizer::Symbolizer(const std::string& path) : tables_(std::make_unique<Tables>()) {
  auto binary = llvm::object::ObjectFile::createObjectFile(path);
  if (!binary) {
    llvm::consumeError(binary.takeError());
    return;
  }
  if (const auto* file = llvm::dyn_cast<ELFObjectFileBase>(binary->getBinary())) tables_->read(*file);
}

Symbolizer::~Symbolizer() = default;
Symbolizer::Symbolizer(Symbolizer&&) noexcept = default;
Symbolizer& Symbolizer::operator=(Symbolizer&&) noexcept = default;

Place Symbolizer::find(std::uint64_t address, bool is_thread_local) const {
  Place place;
  place.offset = address;
  for (const Section& section : tables_->sections) {
    if (section.is_thread_local != is_thread_local || address < section.begin || address >= section.end) continue;
    place.section = section.name;
    place.offset = address - section.begin;
  }
  // Symbols may overlap by alias only; the last that begins at or before the address and covers it is the closest.
  const auto& symbols = tables_->symbols;
  auto after = std::upper_bound(symbols.begin(), symbols.end(), address,
                                [](std::uint64_t value, const Symbol& symbol) { return value < symbol.begin; });
  for (int looked = 0; after != symbols.begin() && looked < 16; ++looked) {
    --after;
    if (after->is_thread_local != is_thread_local || address >= after->end) continue;
    place.linkage_name = after->name;
    place.symbol = model::rust_name(llvm::demangle(after->name));
    place.symbol_offset = address - after->begin;
    break;
  }
  return place;
}

}  // namespace isoaudit::loader_probe
