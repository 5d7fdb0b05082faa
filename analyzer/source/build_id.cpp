#include "analyzer/source/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstring>

namespace isoaudit::analyzer {
namespace {

std::string id_in_notes(const char* note, std::size_t size) {
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) head;
    std::memcpy(&head, note, sizeof head);
    const auto padded = [](std::size_t length) { return (length + 3) & ~std::size_t{3}; };
    const std::size_t whole = sizeof head + padded(head.n_namesz) + padded(head.n_descsz);
    if (whole > size) break;
    if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && std::memcmp(note + sizeof head, "GNU", 4) == 0) {
      return {note + sizeof head + padded(head.n_namesz), head.n_descsz};
    }
    note += whole;
    size -= whole;
  }
  return {};
}

}  // namespace

std::string build_id() {
  std::string id;
  // The program itself is the first to be told.
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& part = info->dlpi_phdr[i];
          if (part.p_type != PT_NOTE) continue;
          std::string found = id_in_notes(reinterpret_cast<const char*>(info->dlpi_addr + part.p_vaddr), part.p_memsz);
          if (!found.empty()) *static_cast<std::string*>(result) = std::move(found);
        }
        return 1;
      },
      &id);
  return id;
}

}  // namespace isoaudit::analyzer
