#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/unpacked_archives.h"
#include "model/gap.h"
#include "model/source_facts.h"

namespace isoaudit::cli {

/// Names of what was read in a copy, as the user knows them: "pkg-1.0/a.c", as it lies in the unpacked archive →
/// "dist/pkg-1.0.tar.gz/pkg-1.0/a.c".
class RenamedFacts {
 public:
  /// `prefix` is put before each path that lies in the copy; `whole` names the copy itself.
  RenamedFacts(std::string prefix, std::string whole, const UnpackedArchives& unpacked)
      : prefix_(std::move(prefix)), whole_(std::move(whole)), unpacked_(unpacked) {}

  void rename(model::SourceFacts& facts) const;
  void rename(std::vector<model::Gap>& gaps) const;

 private:
  void place(model::Location& where) const { file(where.file); }
  void file(std::string& path) const;

  std::string prefix_;
  std::string whole_;
  const UnpackedArchives& unpacked_;
};

}  // namespace isoaudit::cli
