#include "analyzer/image/elf_check.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace isoaudit::analyzer {
namespace {

template <class T>
T read_at(std::span<const std::uint8_t> bytes, std::uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// `count` entries of `each` bytes from `offset` lie inside the file.
bool fits(std::span<const std::uint8_t> bytes, std::uint64_t offset, std::uint64_t count, std::uint64_t each) {
  if (count == 0 || each == 0) return true;
  if (offset > bytes.size()) return false;
  return count <= (bytes.size() - offset) / each;
}

template <class Header, class Program, class Section>
std::string check_tables(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < sizeof(Header)) return "is cut short: its ELF header is incomplete";
  const auto header = read_at<Header>(bytes, 0);
  if (header.e_type == ET_REL) return "is an object file, not a shared object: it has not been linked";
  if (header.e_type != ET_DYN) return "is an ELF file, but not a shared object";
  if (header.e_phnum == 0) return "has no program headers: it cannot be loaded";
  if (header.e_phentsize != sizeof(Program)) return "is damaged: its program headers have an impossible size";
  if (!fits(bytes, header.e_phoff, header.e_phnum, sizeof(Program))) {
    return "is cut short: its program headers lie beyond its end";
  }
  bool dynamic = false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto program = read_at<Program>(bytes, header.e_phoff + i * sizeof(Program));
    dynamic = dynamic || program.p_type == PT_DYNAMIC;
    if (program.p_type == PT_LOAD && !fits(bytes, program.p_offset, program.p_filesz, 1)) {
      return "is cut short: a loaded segment lies beyond its end";
    }
    if (program.p_type == PT_LOAD && program.p_filesz > program.p_memsz) {
      return "is damaged: a segment is larger in the file than in memory";
    }
  }
  if (!dynamic) return "has no dynamic section: it is not a shared object";
  if (header.e_shoff == 0) return {};
  if (header.e_shnum != 0 && header.e_shentsize != sizeof(Section)) {
    return "is damaged: its section headers have an impossible size";
  }
  if (!fits(bytes, header.e_shoff, header.e_shnum, sizeof(Section))) {
    return "is cut short: its section headers lie beyond its end";
  }
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto section = read_at<Section>(bytes, header.e_shoff + i * sizeof(Section));
    if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL &&
        !fits(bytes, section.sh_offset, section.sh_size, 1)) {
      return "is cut short: a section lies beyond its end";
    }
  }
  return {};
}

}  // namespace

std::string check_elf(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < EI_NIDENT) return "is cut short: its ELF header is incomplete";
  if (bytes[EI_DATA] != ELFDATA2LSB) return "is a big-endian ELF file: that byte order is not supported";
  if (bytes[EI_CLASS] == ELFCLASS64) return check_tables<Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr>(bytes);
  if (bytes[EI_CLASS] == ELFCLASS32) return check_tables<Elf32_Ehdr, Elf32_Phdr, Elf32_Shdr>(bytes);
  return "is damaged: its ELF class is neither 32 nor 64 bit";
}

}  // namespace isoaudit::analyzer
