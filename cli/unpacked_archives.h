#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "analyzer/targets/find_targets.h"
#include "cli/private_folder.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// Wheels and source archives on disk, where a run or Clang needs them there, for as long as the value lives. No report
/// ever shows where that is.
class UnpackedArchives {
 public:
  explicit UnpackedArchives(const analyzer::ArchiveLimits& limits) : limits_(limits) {}

  /// For each Python that is going to run a module of an archive: all named wheels that fit it, side by side as an
  /// installer would put them, so that they find each other.
  void unpack_for_run(const analyzer::Targets& targets, model::Facts& facts);

  /// A source archive in a folder of its own; empty when that was not possible, which is a gap then.
  std::string unpack_sources(const std::string& archive, std::vector<model::Gap>& gaps);

  /// A new empty folder beside those; empty when it could not be made, which is a gap of `for_what` then.
  std::string empty_folder(std::vector<model::Gap>& gaps, const std::string& for_what) {
    return new_folder(gaps, for_what);
  }

  struct Place {
    std::string file{};
    std::string import_root{};
  };
  /// Is the module a member of an archive, so that its path leads to no file?
  bool is_packed(const std::string& shown_path) const { return packed_.contains(shown_path); }
  /// Where the run finds a module; nullptr for one that lies on disk itself, or could not be unpacked (a gap says why).
  const Place* place(const std::string& shown_path, const std::string& python) const;

  /// `text` without the folder's name: what lies in it is named as in its archive.
  std::string shown(std::string text) const;
  void hide_in(model::RunFacts& run) const;
  void hide_in(std::vector<model::Gap>& gaps) const;
  /// Of modules that lie in such a folder themselves, and of whatever else the report shows.
  void hide_in(model::Facts& facts) const;

 private:
  /// A folder on sys.path, and what is installed there.
  struct Root {
    std::string folder{};
    std::set<std::string> distributions{};
  };
  std::string new_folder(std::vector<model::Gap>& gaps, const std::string& for_what);
  void unpack(const std::string& archive, const model::Interpreter& python, std::vector<Root>& roots,
              const std::vector<analyzer::BinaryTarget>& binaries, std::vector<model::Gap>& gaps);

  analyzer::ArchiveLimits limits_;
  std::unique_ptr<PrivateFolder> folder_{};
  std::size_t folders_ = 0;
  std::set<std::string> packed_{};
  std::map<std::pair<std::string, std::string>, Place> places_{};
};

}  // namespace isoaudit::cli
