#include "loader_probe/inside/foreign_threads.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>

#include "loader_probe/inside/code_ranges.h"
#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"
#include "loader_probe/inside/json.h"

namespace isoaudit::inside {
namespace {

constexpr char kEnsure[] = "PyGILState_Ensure";

#if defined(__x86_64__)
constexpr unsigned kTableEntries[] = {R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT};
#elif defined(__aarch64__)
constexpr unsigned kTableEntries[] = {R_AARCH64_JUMP_SLOT, R_AARCH64_GLOB_DAT};
#else
constexpr unsigned kTableEntries[] = {0};
#endif

using Ensure = PyGILState_STATE (*)();
using ThisThreadState = PyThreadState* (*)();
Ensure g_ensure = nullptr;
ThisThreadState g_this_thread_state = nullptr;

constexpr std::size_t kMaxPlaces = 64;
std::array<std::atomic<std::uintptr_t>, kMaxPlaces> g_told{};

/// True the first time that this place calls.
bool is_news(std::uintptr_t place) {
  for (std::atomic<std::uintptr_t>& known : g_told) {
    std::uintptr_t nobody = 0;
    if (known.compare_exchange_strong(nobody, place)) return true;
    if (nobody == place) return false;
  }
  return false;
}

PyGILState_STATE ensure_and_look() {
  const bool runs_one_already = g_this_thread_state() != nullptr;
  const PyGILState_STATE state = g_ensure();
  if (runs_one_already || PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) return state;
  // The instruction before the one it returns to.
  const auto caller = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)) - 1;
  if (is_news(caller)) {
    Event(events::foreign_thread).text("asked", kEnsure).raw("code", '[' + CodeNames().place(caller) + ']');
  }
  return state;
}

struct Table {
  const ElfW(Rela) * entries = nullptr;
  std::size_t count = 0;
};

struct Dynamic {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  std::array<Table, 2> tables{};
};

// The dynamic linker has turned these addresses into real ones (glibc) or left them relative to the file (musl).
template <typename Value>
const Value* pointer(ElfW(Addr) bias, ElfW(Addr) address) {
  return reinterpret_cast<const Value*>(address < bias ? address + bias
                                                       : address);  // NOLINT(performance-no-int-to-ptr)
}

Dynamic read_dynamic(ElfW(Addr) bias, const ElfW(Dyn) * entry) {
  Dynamic dynamic;
  for (; entry->d_tag != DT_NULL; ++entry) {
    switch (entry->d_tag) {
      case DT_SYMTAB: dynamic.symbols = pointer<ElfW(Sym)>(bias, entry->d_un.d_ptr); break;
      case DT_STRTAB: dynamic.strings = pointer<char>(bias, entry->d_un.d_ptr); break;
      case DT_JMPREL: dynamic.tables[0].entries = pointer<ElfW(Rela)>(bias, entry->d_un.d_ptr); break;
      case DT_PLTRELSZ: dynamic.tables[0].count = entry->d_un.d_val / sizeof(ElfW(Rela)); break;
      case DT_RELA: dynamic.tables[1].entries = pointer<ElfW(Rela)>(bias, entry->d_un.d_ptr); break;
      case DT_RELASZ: dynamic.tables[1].count = entry->d_un.d_val / sizeof(ElfW(Rela)); break;
      default: break;
    }
  }
  return dynamic;
}

struct Image {
  std::string path;
  ElfW(Addr) bias = 0;
  const ElfW(Dyn) * dynamic = nullptr;
  ElfW(Addr) closed_begin = 0;  ///< what the linker closed after relocation
  ElfW(Addr) closed_end = 0;
};

void replace(const Image& image, ElfW(Addr) slot) {
  const auto page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t page = slot & ~(page_size - 1);
  auto* const memory = reinterpret_cast<void*>(page);  // NOLINT(performance-no-int-to-ptr)
  if (mprotect(memory, page_size, PROT_READ | PROT_WRITE) != 0) return;
  const auto ours = reinterpret_cast<std::uintptr_t>(&ensure_and_look);
  std::memcpy(reinterpret_cast<void*>(slot), &ours, sizeof ours);  // NOLINT(performance-no-int-to-ptr)
  if (slot >= image.closed_begin && slot < image.closed_end) mprotect(memory, page_size, PROT_READ);
}

void watch(const Image& image) {
  const Dynamic dynamic = read_dynamic(image.bias, image.dynamic);
  if (!dynamic.symbols || !dynamic.strings) return;
  for (const Table& table : dynamic.tables) {
    for (std::size_t i = 0; table.entries && i < table.count; ++i) {
      const ElfW(Rela)& entry = table.entries[i];
      const auto kind = static_cast<unsigned>(ELF64_R_TYPE(entry.r_info));
      if (std::find(std::begin(kTableEntries), std::end(kTableEntries), kind) == std::end(kTableEntries)) continue;
      const char* name = dynamic.strings + dynamic.symbols[ELF64_R_SYM(entry.r_info)].st_name;
      if (std::strcmp(name, kEnsure) == 0) replace(image, image.bias + entry.r_offset);
    }
  }
}

int note_image(dl_phdr_info* info, std::size_t, void* data) {
  Image image{info->dlpi_name ? info->dlpi_name : "", info->dlpi_addr};
  for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    const ElfW(Addr) begin = info->dlpi_addr + header.p_vaddr;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    if (header.p_type == PT_DYNAMIC) image.dynamic = reinterpret_cast<const ElfW(Dyn)*>(begin);
    if (header.p_type == PT_GNU_RELRO) {
      image.closed_begin = begin;
      image.closed_end = begin + header.p_memsz;
    }
  }
  if (!image.path.empty() && image.dynamic) static_cast<std::vector<Image>*>(data)->push_back(std::move(image));
  return 0;
}

}  // namespace

void watch_foreign_threads(const Watched& watched) {
  g_ensure = reinterpret_cast<Ensure>(dlsym(RTLD_DEFAULT, kEnsure));
  g_this_thread_state = reinterpret_cast<ThisThreadState>(dlsym(RTLD_DEFAULT, "PyGILState_GetThisThreadState"));
  if (!g_ensure || !g_this_thread_state) return;
  std::vector<Image> images;
  dl_iterate_phdr(note_image, &images);
  for (const Image& image : images) {
    char buffer[PATH_MAX];
    const std::string path = realpath(image.path.c_str(), buffer) ? buffer : image.path;
    const auto& paths = watched.paths();
    if (std::find(paths.begin(), paths.end(), path) != paths.end()) watch(image);
  }
}

}  // namespace isoaudit::inside
