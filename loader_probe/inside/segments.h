#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace isoaudit::inside {

/// A stretch of memory that one watched file may write after it was relocated.
struct Region {
  unsigned image = 0;
  std::uintptr_t address = 0;
  std::size_t size = 0;
  /// Where the file says it is: address minus load bias; for TLS, the offset in the file's TLS block plus its p_vaddr.
  std::uint64_t vaddr = 0;
  /// The calling thread's copy of the file's thread-local block.
  bool thread_local_ = false;
};

/// The word at an address that is known to be mapped.
std::uint64_t word_at(std::uintptr_t address);

/// Address ranges of everything that is mapped from a file by the dynamic linker.
struct ImageRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

/// Does one of the ranges, which are sorted, hold all of these bytes?
bool in_ranges(const std::vector<ImageRange>& sorted, std::uintptr_t address, std::size_t size = 1);

/// The writable memory of the audited file, and of private shared libraries of its package that came with it.
/// Other extension modules of the package are not watched: each is audited by itself.
class Watched {
 public:
  Watched(const std::string& path, const std::string& root, const std::string& module);

  /// Finds what is loaded by now; announces files that are new. Regions keep their order, new ones are appended.
  void refresh();

  const std::vector<Region>& regions() const { return regions_; }
  /// The watched files, without symbolic links; a region's `image` is the index here.
  const std::vector<std::string>& paths() const { return paths_; }
  /// Of all loaded files, sorted; as of the last refresh.
  const std::vector<ImageRange>& images() const { return all_images_; }

  /// Reports where a PyModuleDef lies that the import system has taken into use: it keeps its own notes there (type,
  /// index, the dict of a single-phase module), and those are not the module's writes.
  void report_definitions() const;

  /// Takes a copy of all regions, as words.
  void remember();
  /// Reports words that differ from what was remembered, and remembers what is there now.
  void report_changes(const char* step, std::int64_t interpreter);

 private:
  friend struct ImageVisitor;

  std::string path_;
  std::vector<std::string> private_folders_{};
  std::vector<std::string> paths_{};
  std::vector<Region> regions_{};
  std::vector<ImageRange> all_images_{};
  std::vector<std::vector<std::uint64_t>> remembered_{};
};

}  // namespace isoaudit::inside
