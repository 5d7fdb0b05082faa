#include "analyzer/binary/footprint.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace isoaudit::analyzer {
namespace {

constexpr std::array<std::string_view, 3> constructor_tables{".init_array", ".ctors", ".preinit_array"};

bool is_linker_s(std::string_view section) {
  return section == ".got" || section == ".got.plt" || section == ".plt" || section == ".dynamic";
}

/// crtbegin's frame_dummy is in each shared object that GCC's start files are linked to. Without a symbol table, what
/// only it asks for tells.
bool has_frame_dummy(const Image& image, std::span<const std::uint64_t> functions) {
  if (!image.has_symbol_table) return image.imports_symbol("_ITM_registerTMCloneTable");
  return std::ranges::any_of(image.symbols, [&](const Symbol& symbol) {
    return symbol.name == "frame_dummy" && std::ranges::find(functions, symbol.address) != functions.end();
  });
}

unsigned elf_constructors(const Image& image) {
  std::vector<std::uint64_t> functions;
  for (const Section& section : image.sections) {
    if (std::ranges::find(constructor_tables, section.name) == constructor_tables.end()) continue;
    for (const Relocation& relocation : image.relocations_in(section.address, section.address + section.size)) {
      functions.push_back(relocation.target);
    }
  }
  const bool dummy = !functions.empty() && has_frame_dummy(image, functions);
  return static_cast<unsigned>(functions.size()) - (dummy ? 1 : 0);
}

bool has_static_guards(const Image& image) {
  return image.imports_symbol("__cxa_guard_acquire") || image.imports_symbol("___cxa_guard_acquire") ||
         std::ranges::any_of(image.symbols, [](const Symbol& symbol) {
           const std::string_view name = symbol.name;
           return name.starts_with("_ZGVZ") || name.starts_with("__ZGVZ");
         });
}

}  // namespace

model::Footprint footprint_of(const Image& image) {
  model::Footprint footprint;
  for (const Section& section : image.sections) {
    if (section.kind == model::SectionClass::thread_local_) footprint.thread_local_ += section.size;
    if (!section.writable() || is_linker_s(section.name)) continue;
    const std::uint64_t stored = std::min<std::uint64_t>(section.size, section.bytes.size());
    footprint.data += stored;
    footprint.zero += section.size - stored;
  }
  if (image.format == model::BinaryFormat::elf) footprint.constructors = elf_constructors(image);
  if (image.format == model::BinaryFormat::macho) {
    footprint.constructors = static_cast<unsigned>(image.initializers.size());
  }
  footprint.static_guards = has_static_guards(image);
  return footprint;
}

}  // namespace isoaudit::analyzer
