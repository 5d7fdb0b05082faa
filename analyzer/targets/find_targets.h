#pragma once

#include <string>
#include <vector>

#include "analyzer/archive/limits.h"
#include "analyzer/targets/distribution.h"
#include "model/gap.h"
#include "model/python_version.h"

namespace isoaudit::analyzer {

/// A compiled module that was found under what the user named.
struct BinaryTarget {
  /// As it is shown. A member of an archive: the archive's path, a slash, the member's path in it.
  std::string path{};
  /// Dotted name below the import root: "markupsafe._speedups".
  std::string module{};
  /// The folder to put on sys.path.
  std::string import_root{};
  /// From the file name: "cpython-314", "abi3", "cpython-314t", "cp314-win_amd64"; empty for a plain ".so".
  std::string abi_tag{};
  /// The archive that holds it, as a path on disk, and its name there; empty for a file on disk.
  std::string archive{};
  std::string member{};
  /// The user named this very file, not something that holds it.
  bool named = false;
  /// Ids of the interpreters that have it installed, sorted; empty: found by its path, whoever imports it.
  std::vector<std::string> only_for{};
  /// It lies where no import looks: below "data" or "scripts" of a wheel.
  bool off_path = false;

  auto operator<=>(const BinaryTarget&) const = default;
};

/// What something that the user named led to.
struct Origin {
  std::string named{};
  /// BinaryTarget::path, or an element of `source_roots` or `source_archives`; the archive itself, when its names could
  /// be read and none of them is a compiled module's.
  std::string path{};

  auto operator<=>(const Origin&) const = default;
};

struct Targets {
  std::vector<BinaryTarget> binaries{};
  /// Named files and folders that hold C or C++ sources.
  std::vector<std::string> source_roots{};
  /// Named source archives that hold some: to be unpacked before they can be read.
  std::vector<std::string> source_archives{};
  /// Every wheel and source archive that was opened, also those without modules.
  std::vector<std::string> archives{};
  std::vector<Origin> origins{};
  std::vector<model::Gap> gaps{};
};

struct TargetRequest {
  /// Paths: files, folders, wheels, source archives.
  std::vector<std::string> named{};
  /// Folders whose compiled modules count, and whose sources do not.
  std::vector<std::string> build_dirs{};
  std::vector<Distribution> distributions{};
  ArchiveLimits limits{};
};

/// How targets and gaps show a path that was named: no "./", no slash at the end.
std::string shown_path(const std::string& named);

/// What the user named → a list of inputs: a file, a folder (recursive, each symlink once, no loops; wheels that lie in
/// it are opened), a wheel or source archive, installed distributions. A path that does not exist becomes a gap. Sorted
/// by path.
/// Modules are named by their path below the import root: in an archive, on disk (see ModulePlaces), or as RECORD says.
Targets find_targets(const TargetRequest& request);

/// Would this interpreter's import system pick this file, once the wheel that holds it is installed? Decided by names
/// alone: the file's ending, the wheel's tags. An Interpreter without an executable stands for its version on every
/// platform.
bool importable_by(const BinaryTarget& target, const model::Interpreter& interpreter);

}  // namespace isoaudit::analyzer
