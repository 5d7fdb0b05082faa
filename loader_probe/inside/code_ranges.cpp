#include "loader_probe/inside/code_ranges.h"

#include <link.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "loader_probe/inside/emit.h"

namespace isoaudit::inside {
namespace {

struct Segment {
  std::string path;
  std::uintptr_t bias;
  std::uintptr_t begin;
  std::uintptr_t end;
};

// dl_iterate_phdr holds a lock of the dynamic linker during the visit, so paths are followed later.
std::vector<Segment> executable_segments() {
  std::vector<Segment> segments;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
          const auto& header = info->dlpi_phdr[i];
          if (header.p_type != PT_LOAD || !(header.p_flags & PF_X)) continue;
          const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
          static_cast<std::vector<Segment>*>(data)->push_back(
              {info->dlpi_name ? info->dlpi_name : "", info->dlpi_addr, begin, begin + header.p_memsz});
        }
        return 0;
      },
      &segments);
  for (Segment& segment : segments) {
    char buffer[PATH_MAX];
    // The program itself has no name there.
    if (realpath(segment.path.empty() ? "/proc/self/exe" : segment.path.c_str(), buffer)) segment.path = buffer;
  }
  return segments;
}

}  // namespace

std::size_t find_code_ranges(const Watched& watched, CodeRange* ranges) {
  std::size_t count = 0;
  for (const Segment& segment : executable_segments()) {
    const auto& paths = watched.paths();
    if (std::find(paths.begin(), paths.end(), segment.path) == paths.end() || count == kMaxCodeRanges) continue;
    ranges[count++] = {segment.begin, segment.end};
  }
  return count;
}

CodeNames::CodeNames() {
  for (Segment& segment : executable_segments()) {
    ranges_.push_back({segment.begin, segment.end, segment.bias, std::move(segment.path)});
  }
}

std::string CodeNames::place(std::uintptr_t address) const {
  for (const Range& range : ranges_) {
    if (address < range.begin || address >= range.end) continue;
    return quote(range.path) + ',' + std::to_string(address - range.bias);
  }
  return "\"\",0";
}

}  // namespace isoaudit::inside
