#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace isoaudit::analyzer {

/// An absolute path without links, `.` and `..`, as far as it exists.
std::string canonical_path(const std::string& path);

/// canonical_path of many files, which looks up each folder once in its life.
class CanonicalPaths {
 public:
  std::string of(const std::string& path);

 private:
  /// By the names that they go by.
  std::unordered_map<std::string, std::string> folders_{};
};

/// What belongs to the project: everything below the roots that the user named.
class ProjectFiles {
 public:
  explicit ProjectFiles(const std::vector<std::string>& roots);

  /// canonical_path, which looks up each folder once: the processes that come of this one know it too.
  std::string canonical(const std::string& path) const { return paths_.of(path); }
  /// `path` is canonical.
  bool contains(const std::string& path) const;
  /// How a report calls a file: relative to the root, or to the deepest folder that holds all roots when there are
  /// several; a file outside keeps its path.
  std::string display(const std::string& path) const;
  /// Two projects with the same key answer alike.
  std::string key() const;
  /// Canonical folders of the roots (a file's own folder), sorted.
  std::vector<std::string> folders() const;

 private:
  std::vector<std::string> roots_{};
  std::string base_{};
  mutable CanonicalPaths paths_{};
};

}  // namespace isoaudit::analyzer
