#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/source/source_tree.h"

namespace isoaudit::analyzer {

/// One #include of a file, as far as names tell what it leads to.
struct Include {
  /// Canonical path of a file in the tree; empty: Python's, the system's, or missing.
  std::string path{};
  /// The folder that has to be searched for it; empty when it lies beside the file that includes it.
  std::string folder{};
  bool quoted = false;
  /// Under no #if but the one that guards the whole file.
  bool always = false;
};

struct IncludingFile {
  std::vector<Include> includes{};
  /// It includes Python.h itself, or the header of a library that does.
  bool is_extension_code = false;
  /// It always includes a header of an operating system that this one has not.
  bool needs_other_system = false;
  bool has_main = false;
  /// It includes what configures it for this system, and that is there.
  bool has_configuration = false;
  std::size_t bytes = 0;
};

/// Who includes whom in a tree, read without a preprocessor: every branch of every #if counts.
class IncludeGraph {
 public:
  /// `preferred`: folders that are searched before the tree's others; of the tree's, the nearest wins.
  IncludeGraph(const SourceTree& tree, std::vector<std::string> preferred, std::string python_include)
      : tree_(tree), preferred_(std::move(preferred)), python_include_(std::move(python_include)) {}

  const IncludingFile& file(const std::string& path);

  /// No build here compiles it: it, or what it always includes, needs another operating system.
  bool is_for_other_system(const std::string& path);

  /// `path` and all that it includes, in the order in which they are come by.
  const std::vector<std::string>& reached(const std::string& path);

 private:
  Include resolve(const std::string& includer, const std::string& name, bool quoted) const;

  const SourceTree& tree_;
  std::vector<std::string> preferred_;
  std::string python_include_;
  std::unordered_map<std::string, IncludingFile> files_{};
  std::unordered_map<std::string, std::vector<std::string>> reached_{};
};

}  // namespace isoaudit::analyzer
