#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace isoaudit::analyzer {

/// A file of a source tree.
struct TreeFile {
  /// Canonical.
  std::string path{};
  /// Below a folder of tests, examples, documentation or build outputs.
  bool is_aside = false;
  /// Called like a test or a benchmark: "find_test.cc".
  bool is_test = false;

  auto operator<=>(const TreeFile&) const = default;
};

/// What lies below the roots: C and C++ sources, what they may include, and what such sources are made of.
struct SourceTree {
  /// Sorted by path.
  std::vector<TreeFile> sources{};
  /// By file name; sources may be included too.
  std::multimap<std::string, TreeFile> includable{};
  /// Cython sources without the C that Cython makes of them, and templates of C (x.c.src, x.h.in).
  std::vector<std::string> unmade{};
  /// What says what is compiled: meson.build, CMakeLists.txt, setup.py and their like.
  std::vector<std::string> build_files{};
  /// Folders that look like a project of others, brought along: third_party/x, or one with a licence and a build of its
  /// own that makes no Python package. One may hold another.
  std::vector<std::string> brought{};
};

/// By its ending a C or C++ source, not a header.
bool has_source_ending(std::string_view name);

/// Roots are canonical folders or files; a file that is named is never aside. What lies below `around` may be included,
/// and is no source. Hidden folders, virtual environments and what package managers put beside a project are not looked
/// into. Links are not followed.
SourceTree read_source_tree(const std::vector<std::string>& roots, const std::vector<std::string>& around);

}  // namespace isoaudit::analyzer
