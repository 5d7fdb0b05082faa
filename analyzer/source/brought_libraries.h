#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "analyzer/source/build_lists.h"
#include "analyzer/source/source_tree.h"

namespace isoaudit::analyzer {

/// Other people's libraries that a tree brings along, and what the build of the project takes of them: the sources that
/// a build file outside of a library names; where none does and one enters its folder, what the library's own build
/// files name, and where those name nothing, all.
class BroughtLibraries {
 public:
  /// A folder that holds one of `extension_code` is the project's own.
  BroughtLibraries(const SourceTree& tree, const std::set<std::string>& extension_code);

  /// The outermost folder of the library that the source belongs to; empty: the project's own.
  std::string around(const std::string& source) const;
  /// As far as the build files tell, by their words.
  bool is_built(const std::string& source);
  /// A build file of the project itself names it.
  bool is_named_by_project(const std::string& source) const;

 private:
  const std::set<std::string>& built_of(const std::string& library);

  const SourceTree& tree_;
  /// Those that no other holds.
  std::vector<std::string> folders_;
  BuildLists lists_;
  std::map<std::string, std::set<std::string>> built_{};
};

}  // namespace isoaudit::analyzer
