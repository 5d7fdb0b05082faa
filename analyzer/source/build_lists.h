#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace isoaudit::analyzer {

/// The path lies in the folder or deeper.
bool is_below(std::string_view path, std::string_view folder);

/// What build files name, by their words alone: no build language is understood here, every branch counts, and a name
/// that is put together of parts is not seen.
class BuildLists {
 public:
  explicit BuildLists(const std::vector<std::string>& build_files);

  /// One that lies below none of `folders` names the source, by a path that ends as its own does.
  bool name_from_outside_all(const std::vector<std::string>& folders, const std::string& source) const;
  /// One below `folder` does.
  bool name_below(const std::string& folder, const std::string& source) const;
  /// A build file that does not lie below `folder`, which holds the source, names it by a path that leads there.
  bool name_from_outside(const std::string& folder, const std::string& source) const;
  /// A build file outside of `folder` hands a path that ends in it to something: a subproject, a folder to search.
  bool enter(const std::string& folder) const;

 private:
  struct Word {
    /// Of the build file.
    std::string folder{};
    /// "src/x.c", "src/*.c", "third_party/zlib"; what stands before a variable's end is gone.
    std::string text{};
    bool begins_argument = false;

    /// Its build file does.
    bool lies_in(const std::string& other) const { return folder == other || is_below(folder, other); }
  };
  void read(const std::string& file);
  void take(std::string_view text, const std::string& folder, bool begins_argument);
  bool any_names(const std::string& source, const auto& counts) const;

  /// By the last part of the path.
  std::unordered_multimap<std::string, Word> words_{};
  std::vector<Word> patterns_{};
};

}  // namespace isoaudit::analyzer
