#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

/// Executable memory of one watched file.
struct CodeRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

inline constexpr std::size_t kMaxCodeRanges = 256;

/// Fills `ranges` (of kMaxCodeRanges) with those of the watched files; how many there are.
std::size_t find_code_ranges(const Watched& watched, CodeRange* ranges);

/// Which file an address of code belongs to, and where the file has it. As of its construction.
class CodeNames {
 public:
  CodeNames();
  /// `"path",address` as JSON; `"",0` when no file is there.
  std::string place(std::uintptr_t address) const;

 private:
  struct Range {
    std::uintptr_t begin;
    std::uintptr_t end;
    std::uintptr_t bias;
    std::string path;
  };
  std::vector<Range> ranges_{};
};

}  // namespace isoaudit::inside
