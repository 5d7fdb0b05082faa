#pragma once

#include <string>
#include <vector>

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

  auto operator<=>(const BinaryTarget&) const = default;
};

struct Targets {
  std::vector<BinaryTarget> binaries{};
  /// Named files and folders that hold C or C++ sources.
  std::vector<std::string> source_roots{};
  std::vector<model::Gap> gaps{};
};

/// What the user named → a list of inputs: a file, a folder (recursive, each symlink once, no loops), build folders
/// whose compiled modules count too. A path that does not exist becomes a gap. Sorted by path.
/// A file below an import root is named by its path from it: the root is the nearest folder above that is no package
/// (holds no __init__.py), or one called site-packages, dist-packages or lib-dynload.
Targets find_targets(const std::vector<std::string>& named, const std::vector<std::string>& build_dirs);

/// Would this interpreter's import system pick this file? Decided by the file-name ending alone.
bool importable_by(const BinaryTarget& target, const model::Interpreter& interpreter);

}  // namespace isoaudit::analyzer
