// Two readers that know nothing of each other must see the same file: ours (in place, for speed and for hostile bytes)
// and LIEF. Usage: second_reader FILE-OR-FOLDER...; prints each difference, exit status 1 when there is one.
#include <LIEF/LIEF.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "analyzer/image/image.h"

namespace {

using isoaudit::analyzer::Image;
using isoaudit::model::BinaryFormat;

struct Seen {
  std::set<std::string> imports{};
  std::set<std::string> exports{};
  std::set<std::string> libraries{};
  std::set<std::string> sections{};
  std::set<std::uint64_t> relocated{};
};

std::string at(const std::string& name, std::uint64_t address, std::uint64_t size) {
  return name + "@" + std::to_string(address) + "+" + std::to_string(size);
}

Seen ours(const Image& image) {
  Seen seen;
  seen.imports.insert(image.imports.begin(), image.imports.end());
  for (const auto& symbol : image.symbols) {
    if (symbol.exported) seen.exports.insert(at(symbol.name, symbol.address, 0));
  }
  seen.libraries.insert(image.libraries.begin(), image.libraries.end());
  for (const auto& section : image.sections) seen.sections.insert(at(section.name, section.address, section.size));
  for (const auto& relocation : image.relocations) seen.relocated.insert(relocation.at);
  return seen;
}

Seen from_elf(const LIEF::ELF::Binary& binary) {
  namespace elf = LIEF::ELF;
  Seen seen;
  for (const elf::Symbol& symbol : binary.dynamic_symbols()) {
    if (symbol.name().empty() || symbol.shndx() == 0xfff1) continue;
    if (symbol.shndx() == 0) {
      seen.imports.insert(symbol.name());
    } else {
      seen.exports.insert(at(symbol.name(), symbol.value(), 0));
    }
  }
  for (const std::string& library : binary.imported_libraries()) seen.libraries.insert(library);
  for (const elf::Section& section : binary.sections()) {
    if (section.has(elf::ELF_SECTION_FLAGS::SHF_ALLOC) && section.size() != 0) {
      seen.sections.insert(at(section.name(), section.virtual_address(), section.size()));
    }
  }
  // Thread-local places get no address of the image; R_X86_64_DTPMOD64 to TPOFF64 and AArch64's of the same kind.
  const auto add = [&](const elf::Relocation& relocation) {
    const std::uint32_t type = relocation.type();
    const bool x86 = binary.header().machine_type() == elf::ARCH::EM_X86_64;
    if (x86 ? type >= 16 && type <= 18 : type >= 1028 && type <= 1031) return;
    seen.relocated.insert(relocation.address());
  };
  for (const elf::Relocation& relocation : binary.dynamic_relocations()) add(relocation);
  for (const elf::Relocation& relocation : binary.pltgot_relocations()) add(relocation);
  return seen;
}

Seen from_pe(const LIEF::PE::Binary& binary) {
  namespace pe = LIEF::PE;
  Seen seen;
  const std::uint64_t base = binary.optional_header().imagebase();
  for (const pe::Import& import : binary.imports()) {
    seen.libraries.insert(import.name());
    for (const pe::ImportEntry& entry : import.entries()) {
      // Our name for what is imported by number.
      seen.imports.insert(entry.is_ordinal() ? import.name() + "#" + std::to_string(entry.ordinal()) : entry.name());
    }
  }
  if (binary.has_exports()) {
    for (const pe::ExportEntry& entry : binary.get_export().entries()) {
      if (!entry.name().empty()) seen.exports.insert(at(entry.name(), base + entry.address(), 0));
    }
  }
  for (const pe::Relocation& block : binary.relocations()) {
    for (const pe::RelocationEntry& entry : block.entries()) {
      if (entry.type() == pe::RELOCATIONS_BASE_TYPES::IMAGE_REL_BASED_DIR64) {
        seen.relocated.insert(base + entry.address());
      }
    }
  }
  return seen;
}

bool packed(const LIEF::ELF::Binary& binary) {
  constexpr std::uint64_t dt_relr = 36;
  for (const LIEF::ELF::DynamicEntry& entry : binary.dynamic_entries()) {
    if (static_cast<std::uint64_t>(entry.tag()) == dt_relr) return true;
  }
  return false;
}

std::set<std::uint64_t> common(const std::set<std::uint64_t>& a, const std::set<std::uint64_t>& b) {
  std::set<std::uint64_t> both;
  std::ranges::set_intersection(a, b, std::inserter(both, both.end()));
  return both;
}

std::string plain(const std::string& name) { return name.starts_with("_") ? name.substr(1) : name; }

Seen from_macho(const LIEF::MachO::Binary& binary) {
  namespace macho = LIEF::MachO;
  Seen seen;
  for (const macho::Symbol& symbol : binary.imported_symbols()) seen.imports.insert(plain(symbol.name()));
  for (const macho::DylibCommand& library : binary.libraries()) {
    if (library.command() == macho::LOAD_COMMAND_TYPES::LC_ID_DYLIB) continue;  // its own name
    seen.libraries.insert(std::filesystem::path(library.name()).filename().string());
  }
  for (const macho::Section& section : binary.sections()) {
    if (section.size() != 0)
      seen.sections.insert(at(section.segment_name() + "," + section.name(), section.address(), section.size()));
  }
  return seen;
}

std::size_t differences = 0;

template <typename Set>
void compare(const std::string& file, const char* what, const Set& mine, const Set& other) {
  Set only_mine, only_other;
  std::ranges::set_difference(mine, other, std::inserter(only_mine, only_mine.end()));
  std::ranges::set_difference(other, mine, std::inserter(only_other, only_other.end()));
  if (only_mine.empty() && only_other.empty()) return;
  ++differences;
  std::printf("%s: %s: %zu seen here alone, %zu by LIEF alone", file.c_str(), what, only_mine.size(),
              only_other.size());
  const auto first = [](const auto& item) {
    if constexpr (std::is_same_v<std::decay_t<decltype(item)>, std::string>)
      return item;
    else
      return std::to_string(item);
  };
  if (!only_mine.empty()) std::printf(" (%s)", first(*only_mine.begin()).c_str());
  if (!only_other.empty()) std::printf(" (LIEF: %s)", first(*only_other.begin()).c_str());
  std::printf("\n");
}

void check(const std::string& file) {
  auto mapped = isoaudit::analyzer::map_file(file);
  if (!mapped.file) return;
  const auto read = isoaudit::analyzer::read_image(mapped.file);
  if (!read.image) {
    std::printf("%s: not read: %s\n", file.c_str(), read.error.c_str());
    ++differences;
    return;
  }
  const Image& image = *read.image;
  const Seen mine = ours(image);
  Seen other;
  const std::vector<std::uint8_t> bytes(mapped.file->bytes().begin(), mapped.file->bytes().end());
  if (image.format == BinaryFormat::elf) {
    const auto binary = LIEF::ELF::Parser::parse(bytes);
    if (!binary) return;
    other = from_elf(*binary);
    // LIEF 0.12 knows no packed relocations (DT_RELR): where a file has them, it sees fewer words.
    compare(file, "relocated words", packed(*binary) ? common(mine.relocated, other.relocated) : mine.relocated,
            other.relocated);
    compare(file, "exports", mine.exports, other.exports);
    compare(file, "sections", mine.sections, other.sections);
  } else if (image.format == BinaryFormat::pe) {
    const auto binary = LIEF::PE::Parser::parse(bytes);
    if (!binary) return;
    other = from_pe(*binary);
    compare(file, "exports", mine.exports, other.exports);
    std::set<std::uint64_t> missed;
    std::ranges::set_difference(other.relocated, mine.relocated, std::inserter(missed, missed.end()));
    compare(file, "relocated words", std::set<std::uint64_t>{}, missed);
  } else {
    const auto fat = LIEF::MachO::Parser::parse(bytes);
    if (!fat || fat->size() == 0) return;
    other = from_macho(*fat->at(0));
    compare(file, "sections", mine.sections, other.sections);
    // LIEF takes a weak symbol that the file binds to itself for an import.
    for (const auto& symbol : image.symbols) {
      if (!mine.imports.contains(symbol.name)) other.imports.erase(symbol.name);
    }
  }
  compare(file, "imports", mine.imports, other.imports);
  compare(file, "libraries", mine.libraries, other.libraries);
}

bool is_module(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".so" || ending == ".pyd" || ending == ".dylib";
}

}  // namespace

int main(int argc, char** argv) {
  LIEF::logging::disable();
  std::set<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i]))
      files.insert(argv[i]);
    else
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (entry.is_regular_file() && is_module(entry.path())) files.insert(entry.path().string());
      }
  }
  for (const std::string& file : files) check(file);
  std::printf("%zu files, %zu differences\n", files.size(), differences);
  return differences == 0 && !files.empty() ? 0 : 1;
}
