#include "loader_probe/inside/segments.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::inside {
namespace {

constexpr std::size_t kMaxWordsReported = 20000;

std::string real(const std::string& path) {
  char buffer[PATH_MAX];
  return realpath(path.c_str(), buffer) ? buffer : path;
}

// A shared library that the import system would not load: no hook for its own stem.
bool is_extension(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (!handle) return false;
  std::string stem = path.substr(path.rfind('/') + 1);
  stem.resize(std::min(stem.find('.'), stem.size()));
  const bool found = dlsym(handle, ("PyInit_" + stem).c_str()) || dlsym(handle, ("PyModExport_" + stem).c_str());
  dlclose(handle);
  return found;
}

}  // namespace

// dl_iterate_phdr holds a lock of the dynamic linker during the visit, so it only takes notes.
struct ImageVisitor {
  struct Note {
    std::string path;
    std::uintptr_t bias;
    std::vector<ElfW(Phdr)> headers;
    void* tls;
  };
  std::vector<Note> notes{};

  static int visit(dl_phdr_info* info, std::size_t size, void* data) {
    auto& self = *static_cast<ImageVisitor*>(data);
    Note note{info->dlpi_name ? info->dlpi_name : "", info->dlpi_addr, {}, nullptr};
    note.headers.assign(info->dlpi_phdr, info->dlpi_phdr + info->dlpi_phnum);
    if (size >= offsetof(dl_phdr_info, dlpi_tls_data) + sizeof(info->dlpi_tls_data)) note.tls = info->dlpi_tls_data;
    self.notes.push_back(std::move(note));
    return 0;
  }
};

std::uint64_t word_at(std::uintptr_t address) {
  std::uint64_t word = 0;
  std::memcpy(&word, reinterpret_cast<const void*>(address), sizeof word);  // NOLINT(performance-no-int-to-ptr)
  return word;
}

bool in_ranges(const std::vector<ImageRange>& sorted, std::uintptr_t address, std::size_t size) {
  auto after = std::upper_bound(sorted.begin(), sorted.end(), address,
                                [](std::uintptr_t value, const ImageRange& range) { return value < range.begin; });
  return after != sorted.begin() && address + size <= std::prev(after)->end;
}

Watched::Watched(const std::string& path, const std::string& root, const std::string& module) : path_(real(path)) {
  const std::string top = module.substr(0, module.find('.'));
  if (top != module) private_folders_.push_back(real(root + "/" + top) + "/");
  for (const char* suffix : {".libs", ".dylibs"}) private_folders_.push_back(real(root) + "/" + top + suffix + "/");
}

void Watched::refresh() {
  ImageVisitor visitor;
  dl_iterate_phdr(ImageVisitor::visit, &visitor);
  all_images_.clear();
  for (const auto& note : visitor.notes) {
    for (const auto& header : note.headers) {
      if (header.p_type != PT_LOAD) continue;
      all_images_.push_back({note.bias + header.p_vaddr, note.bias + header.p_vaddr + header.p_memsz});
    }
    if (note.path.empty()) continue;
    const std::string path = real(note.path);
    const bool known = std::find(paths_.begin(), paths_.end(), path) != paths_.end();
    const bool is_private =
        path != path_ && std::any_of(private_folders_.begin(), private_folders_.end(),
                                     [&](const std::string& folder) { return path.starts_with(folder); });
    if (path != path_ && (!is_private || (!known && is_extension(path)))) continue;

    const auto image = static_cast<unsigned>(std::find(paths_.begin(), paths_.end(), path) - paths_.begin());
    if (!known) {
      paths_.push_back(path);
      Event(events::image).number("index", image).text("path", path);
    }
    ElfW(Addr) relro_begin = 0;
    ElfW(Addr) relro_end = 0;
    for (const auto& header : note.headers) {
      if (header.p_type != PT_GNU_RELRO) continue;
      relro_begin = header.p_vaddr;
      relro_end = header.p_vaddr + header.p_memsz;
    }
    const auto add = [&](std::uintptr_t address, std::uint64_t vaddr, std::uint64_t end, bool tls) {
      const std::uint64_t skip = (8 - vaddr % 8) % 8;
      if (vaddr + skip + 8 > end) return;
      const Region region{image, address + skip, static_cast<std::size_t>((end - vaddr - skip) / 8 * 8), vaddr + skip,
                          tls};
      const auto same = [&](const Region& other) { return other.address == region.address; };
      if (std::none_of(regions_.begin(), regions_.end(), same)) regions_.push_back(region);
    };
    for (const auto& header : note.headers) {
      const ElfW(Addr) begin = header.p_vaddr;
      const ElfW(Addr) end = header.p_vaddr + header.p_memsz;
      if (header.p_type == PT_LOAD && (header.p_flags & PF_W)) {
        // What lies before and behind the part that the linker closes after relocation.
        if (relro_end <= begin || relro_begin >= end) {
          add(note.bias + begin, begin, end, false);
        } else {
          if (begin < relro_begin) add(note.bias + begin, begin, relro_begin, false);
          if (relro_end < end) add(note.bias + relro_end, relro_end, end, false);
        }
      } else if (header.p_type == PT_TLS && note.tls) {
        add(reinterpret_cast<std::uintptr_t>(note.tls), begin, end, true);
      }
    }
  }
  std::sort(all_images_.begin(), all_images_.end(),
            [](const ImageRange& a, const ImageRange& b) { return a.begin < b.begin; });
}

void Watched::report_definitions() const {
  const auto type = reinterpret_cast<std::uintptr_t>(dlsym(RTLD_DEFAULT, "PyModuleDef_Type"));
  for (const Region& region : regions_) {
    if (region.thread_local_) continue;
    for (std::size_t offset = 8; offset < region.size; offset += 8) {
      if (type == 0 || word_at(region.address + offset) != type) continue;
      Event(events::definition)
          .number("image", region.image)
          .number("vaddr", static_cast<std::int64_t>(region.vaddr + offset - 8));
    }
  }
}

void Watched::remember() {
  remembered_.resize(regions_.size());
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    remembered_[i].resize(regions_[i].size / 8);
    for (std::size_t word = 0; word < remembered_[i].size(); ++word) {
      remembered_[i][word] = word_at(regions_[i].address + word * 8);
    }
  }
}

void Watched::report_changes(const char* step, std::int64_t interpreter) {
  const Timed timed(events::step_compare);
  std::string words = "[";
  std::size_t count = 0;
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < remembered_.size(); ++i) {
    const Region& region = regions_[i];
    for (std::size_t word = 0; word < remembered_[i].size(); ++word) {
      const std::uint64_t now = word_at(region.address + word * 8);
      if (now == remembered_[i][word]) continue;
      if (count == kMaxWordsReported) {
        ++dropped;
        continue;
      }
      if (count++ > 0) words += ',';
      // As signed numbers: a JSON reader may know no others. The host reads the same bits back.
      words += '[' + std::to_string(region.image) + ',' + std::to_string(region.vaddr + word * 8) + ',' +
               std::to_string(static_cast<std::int64_t>(remembered_[i][word])) + ',' +
               std::to_string(static_cast<std::int64_t>(now)) + ',' + (region.thread_local_ ? '1' : '0') + ']';
    }
  }
  if (count > 0) {
    Event(events::changed)
        .text("step", step)
        .number("interp", interpreter)
        .raw("words", words + "]")
        .number("dropped", static_cast<std::int64_t>(dropped));
  }
  refresh();
  remember();
}

}  // namespace isoaudit::inside
