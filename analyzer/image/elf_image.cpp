// The one file that speaks LIEF: ELF tables in, Image out. LIEF finds and decodes the tables (sections, segments,
// symbols, relocations, needed libraries); what sections hold is read from the mapped file, never from LIEF's copies.
#include "analyzer/image/elf_image.h"

#include <LIEF/ELF.hpp>
#include <algorithm>
#include <exception>
#include <map>
#include <unordered_map>

#include "analyzer/image/elf_check.h"

namespace isoaudit::analyzer {
namespace {

namespace elf = LIEF::ELF;

/// DT_RELR and DT_RELRSZ are younger than LIEF 0.12.
constexpr std::uint64_t dt_relrsz = 35, dt_relr = 36;
constexpr std::uint16_t shn_undef = 0, shn_abs = 0xfff1;

struct Range {
  std::uint64_t begin = 0, end = 0;
  bool holds(std::uint64_t first, std::uint64_t size) const { return first >= begin && first + size <= end; }
};

std::span<const std::uint8_t> slice(std::span<const std::uint8_t> bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset >= bytes.size()) return {};
  return bytes.subspan(offset, std::min<std::uint64_t>(size, bytes.size() - offset));
}

void set_machine(Image& image, const elf::Header& header) {
  switch (header.machine_type()) {
    case elf::ARCH::EM_X86_64:
      image.arch = image.pointer_size == 8 ? "x86_64" : "x32";
      image.machine = image.pointer_size == 8 ? Machine::x86_64 : Machine::other;
      break;
    case elf::ARCH::EM_AARCH64: image.arch = "aarch64", image.machine = Machine::aarch64; break;
    case elf::ARCH::EM_386: image.arch = "i386"; break;
    case elf::ARCH::EM_ARM: image.arch = "arm"; break;
    case elf::ARCH::EM_PPC64: image.arch = "ppc64le"; break;
    case elf::ARCH::EM_S390: image.arch = "s390x"; break;
    default: image.arch = static_cast<unsigned>(header.machine_type()) == 243 ? "riscv64" : "unknown"; break;
  }
}

/// A file whose section headers were removed still loads: its segments stand in for them.
void add_segments_as_sections(Image& image, const elf::Binary& binary, const Range& relro) {
  unsigned number = 0;
  for (const elf::Segment& segment : binary.segments()) {
    if (segment.type() != elf::SEGMENT_TYPES::PT_LOAD) continue;
    const bool writable = segment.has(elf::ELF_SEGMENT_FLAGS::PF_W);
    const std::string name = "segment" + std::to_string(number++);
    const std::uint64_t begin = segment.virtual_address();
    const std::uint64_t stored = segment.physical_size(), size = segment.virtual_size();
    const auto add = [&](std::uint64_t from, std::uint64_t to, model::SectionClass kind, const char* suffix) {
      if (to <= from) return;
      Section section;
      section.name = name + suffix;
      section.address = from;
      section.size = to - from;
      section.kind = kind;
      section.executable = segment.has(elf::ELF_SEGMENT_FLAGS::PF_X);
      if (from - begin < stored) {
        section.bytes = slice(image.file->bytes(), segment.file_offset() + (from - begin),
                              std::min(to - from, stored - (from - begin)));
      }
      image.sections.push_back(std::move(section));
    };
    if (!writable) {
      add(begin, begin + size, model::SectionClass::constant, "");
      continue;
    }
    const std::uint64_t split = relro.end > begin && relro.begin <= begin ? std::min(relro.end, begin + stored) : begin;
    add(begin, split, model::SectionClass::constant, ".relro");
    add(split, begin + stored, model::SectionClass::data, "");
    add(std::max(split, begin + stored), begin + size, model::SectionClass::zero, ".zero");
  }
}

void add_sections(Image& image, const elf::Binary& binary) {
  Range relro;
  for (const elf::Segment& segment : binary.segments()) {
    if (segment.type() != elf::SEGMENT_TYPES::PT_GNU_RELRO) continue;
    relro = {segment.virtual_address(), segment.virtual_address() + segment.virtual_size()};
  }
  for (const elf::Section& raw : binary.sections()) {
    if (!raw.has(elf::ELF_SECTION_FLAGS::SHF_ALLOC) || raw.size() == 0) continue;
    Section section;
    section.name = raw.name();
    section.address = raw.virtual_address();
    section.size = raw.size();
    if (section.address + section.size < section.address) continue;
    section.executable = raw.has(elf::ELF_SECTION_FLAGS::SHF_EXECINSTR);
    const bool zero = raw.type() == elf::ELF_SECTION_TYPES::SHT_NOBITS;
    if (!zero) section.bytes = slice(image.file->bytes(), raw.file_offset(), raw.size());
    if (raw.has(elf::ELF_SECTION_FLAGS::SHF_TLS)) {
      section.kind = model::SectionClass::thread_local_;
    } else if (!raw.has(elf::ELF_SECTION_FLAGS::SHF_WRITE) || relro.holds(section.address, section.size) ||
               section.name.starts_with(".data.rel.ro") || section.name.starts_with(".got")) {
      // The linker's table of addresses may stay writable for late binding; no code of the module stores to it.
      section.kind = model::SectionClass::constant;
    } else {
      section.kind = zero ? model::SectionClass::zero : model::SectionClass::data;
    }
    image.sections.push_back(std::move(section));
  }
  if (image.sections.empty()) add_segments_as_sections(image, binary, relro);
  std::ranges::stable_sort(image.sections, {}, &Section::address);
}

Symbol::Kind kind_of(const elf::Symbol& symbol) {
  switch (symbol.type()) {
    case elf::ELF_SYMBOL_TYPES::STT_FUNC:
    case elf::ELF_SYMBOL_TYPES::STT_GNU_IFUNC: return Symbol::Kind::function;
    case elf::ELF_SYMBOL_TYPES::STT_OBJECT:
    case elf::ELF_SYMBOL_TYPES::STT_COMMON: return Symbol::Kind::object;
    case elf::ELF_SYMBOL_TYPES::STT_TLS: return Symbol::Kind::thread_local_;
    default: return Symbol::Kind::other;
  }
}

Symbol make_symbol(const elf::Symbol& raw, bool exported) {
  Symbol symbol;
  symbol.name = raw.name();
  symbol.address = raw.value();
  symbol.size = raw.size();
  symbol.kind = kind_of(raw);
  symbol.local = raw.binding() == elf::SYMBOL_BINDINGS::STB_LOCAL;
  symbol.exported = exported;
  return symbol;
}

void add_symbols(Image& image, const elf::Binary& binary) {
  for (const elf::Symbol& raw : binary.dynamic_symbols()) {
    if (raw.name().empty() || raw.shndx() == shn_abs) continue;
    if (raw.shndx() == shn_undef) {
      image.imports.push_back(raw.name());
    } else {
      image.symbols.push_back(make_symbol(raw, true));
    }
  }
  std::uint32_t unit = 0;
  for (const elf::Symbol& raw : binary.static_symbols()) {
    image.has_symbol_table = true;
    if (raw.type() == elf::ELF_SYMBOL_TYPES::STT_FILE) {
      // The linker's own nameless file entry ends the last unit's symbols.
      unit = 0;
      if (!raw.name().empty()) image.units.push_back(raw.name()), unit = static_cast<std::uint32_t>(image.units.size());
      continue;
    }
    if (raw.name().empty() || raw.shndx() == shn_undef || raw.shndx() == shn_abs ||
        raw.type() == elf::ELF_SYMBOL_TYPES::STT_SECTION) {
      continue;
    }
    Symbol symbol = make_symbol(raw, false);
    if (symbol.local) symbol.unit = unit;
    image.symbols.push_back(std::move(symbol));
  }
  const auto key = [](const Symbol& s) { return std::tie(s.address, s.name, s.kind); };
  // Exported first among equals: the copy in the full table adds nothing.
  std::ranges::stable_sort(image.symbols, [&](const Symbol& a, const Symbol& b) {
    return std::tuple(key(a), !a.exported) < std::tuple(key(b), !b.exported);
  });
  const auto same = [&](const Symbol& a, const Symbol& b) { return key(a) == key(b); };
  const auto rest = std::ranges::unique(image.symbols, same);
  image.symbols.erase(rest.begin(), rest.end());
  std::ranges::sort(image.imports);
  image.imports.erase(std::unique(image.imports.begin(), image.imports.end()), image.imports.end());
}

/// Thread-local places (module ids, offsets) are filled in too, but never with an address of this image.
bool is_thread_local(Machine machine, std::uint32_t type) {
  if (machine == Machine::x86_64) return (type >= 16 && type <= 23) || type == 36;
  if (machine == Machine::aarch64) return type >= 1028 && type <= 1031;
  return false;
}

class RelocationReader {
 public:
  explicit RelocationReader(Image& image) : image_(image) {}

  void add(const elf::Relocation& raw) {
    if (is_thread_local(image_.machine, raw.type())) return;
    Relocation relocation{raw.address(), 0, 0};
    std::int64_t addend = raw.addend();
    if (!raw.is_rela()) {
      addend = static_cast<std::int64_t>(image_.number_at(raw.address(), image_.pointer_size).value_or(0));
    }
    const elf::Symbol* symbol = raw.has_symbol() ? raw.symbol() : nullptr;
    if (symbol == nullptr || symbol->name().empty()) {
      relocation.target = (symbol == nullptr ? 0 : symbol->value()) + static_cast<std::uint64_t>(addend);
    } else {
      relocation.name = name_of(*symbol);
      if (symbol->shndx() != shn_undef) relocation.target = symbol->value() + static_cast<std::uint64_t>(addend);
    }
    image_.relocations.push_back(relocation);
  }

 private:
  std::uint32_t name_of(const elf::Symbol& symbol) {
    const auto [place, fresh] = known_.try_emplace(&symbol, 0);
    if (fresh) {
      image_.names.push_back(symbol.name());
      place->second = static_cast<std::uint32_t>(image_.names.size());
    }
    return place->second;
  }

  Image& image_;
  std::unordered_map<const elf::Symbol*, std::uint32_t> known_{};
};

/// Packed relative relocations: an even word is a place, an odd one a bit map of the 63 (31) places after it; the value
/// lies in place.
void add_packed_relocations(Image& image, const elf::Binary& binary) {
  std::uint64_t table = 0, size = 0;
  for (const elf::DynamicEntry& entry : binary.dynamic_entries()) {
    if (static_cast<std::uint64_t>(entry.tag()) == dt_relr) table = entry.value();
    if (static_cast<std::uint64_t>(entry.tag()) == dt_relrsz) size = entry.value();
  }
  const Section* section = table == 0 ? nullptr : image.section_at(table);
  if (section == nullptr) return;
  const unsigned width = image.pointer_size;
  size = std::min(size, section->size - (table - section->address));
  const auto add = [&](std::uint64_t place) {
    if (const auto value = image.number_at(place, width)) image.relocations.push_back({place, *value, 0});
  };
  std::uint64_t next = 0;
  for (std::uint64_t offset = 0; offset + width <= size; offset += width) {
    const std::uint64_t word = image.number_at(table + offset, width).value_or(0);
    if ((word & 1) == 0) {
      add(word);
      next = word + width;
      continue;
    }
    for (unsigned bit = 1; bit < width * 8; ++bit) {
      if ((word >> bit) & 1) add(next + (bit - 1) * width);
    }
    next += (width * 8 - 1) * width;
  }
}

void add_relocations(Image& image, const elf::Binary& binary) {
  RelocationReader reader(image);
  for (const elf::Relocation& raw : binary.dynamic_relocations()) reader.add(raw);
  for (const elf::Relocation& raw : binary.pltgot_relocations()) reader.add(raw);
  add_packed_relocations(image, binary);
  std::ranges::stable_sort(image.relocations, {}, &Relocation::at);
  const auto rest = std::ranges::unique(image.relocations, {}, &Relocation::at);
  image.relocations.erase(rest.begin(), rest.end());
}

}  // namespace

ImageResult read_elf_image(std::shared_ptr<const MappedFile> file) {
  if (std::string wrong = check_elf(file->bytes()); !wrong.empty()) return {std::nullopt, wrong};
  ImageResult result;
  try {
    const auto bytes = file->bytes();
    const std::unique_ptr<const elf::Binary> binary =
        elf::Parser::parse(std::vector<std::uint8_t>(bytes.begin(), bytes.end()), "");
    if (binary == nullptr) return {std::nullopt, "is damaged: its ELF tables cannot be parsed"};
    Image image;
    image.file = std::move(file);
    image.format = model::BinaryFormat::elf;
    image.pointer_size = binary->type() == elf::ELF_CLASS::ELFCLASS32 ? 4 : 8;
    set_machine(image, binary->header());
    add_sections(image, *binary);
    add_symbols(image, *binary);
    add_relocations(image, *binary);
    image.libraries = binary->imported_libraries();
    result.image = std::move(image);
  } catch (const std::exception& error) {
    result.error = std::string("is damaged: its ELF tables cannot be parsed (") + error.what() + ")";
  }
  return result;
}

}  // namespace isoaudit::analyzer
