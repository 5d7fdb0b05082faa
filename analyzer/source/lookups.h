#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// What a parse asked of the file system, and whether it would get the same answers now. A unit's facts follow from its
/// command and from these answers: also from the files that were looked for and are not there.
namespace isoaudit::analyzer {

enum class Answer : std::uint8_t {
  missing,    ///< nothing there that can be read
  folder,     ///< a folder
  file,       ///< something else; its content was not asked for
  content,    ///< a file and no link; `value` is the hash of what was read
  linked,     ///< as `content`, reached through a link whose end a Lookup of its own tells
  listing,    ///< a folder; `value` is the hash of the names in it
  real_path,  ///< `value` is the path without links
};

struct Lookup {
  std::string path{};  ///< absolute
  Answer answer = Answer::missing;
  std::string value{};

  auto operator<=>(const Lookup&) const = default;
};

/// BLAKE3, in bytes.
std::string content_hash(std::string_view bytes);
/// Names one after the other, sorted, as content_hash sees them.
std::string listing_hash(std::vector<std::string> names);

/// Asks the file system again, each thing once in its life: what changes meanwhile is the next run's.
class LookupChecker {
 public:
  bool holds(const Lookup& lookup);

 private:
  struct Known {
    Answer kind = Answer::missing;  ///< missing, folder or file
    bool kind_known = false;
    std::string content{};
    bool content_known = false;
    bool is_link = false;
    std::string listing{};
    bool listing_known = false;
    std::string real_path{};
    bool real_path_known = false;
  };
  std::unordered_map<std::string, Known> known_{};
};

}  // namespace isoaudit::analyzer
