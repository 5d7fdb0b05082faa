#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace isoaudit::analyzer {

/// What an import statement calls a file.
struct ModulePlace {
  /// Dotted, below the import root: "markupsafe._speedups".
  std::string module{};
  /// The folder that has to be on sys.path; "" is where relative paths begin.
  std::string import_root{};
};

/// The place of `file` (forward slashes), whose last component without its endings is `stem`: every folder above it for
/// which `is_package` holds is part of its name.
ModulePlace place_below(std::string_view file, const std::string& stem,
                        const std::function<bool(std::string_view folder)>& is_package);

/// Can a folder of this name be part of a dotted name ("numpy.libs" and "pkg-1.0" cannot)?
bool can_be_package(std::string_view folder_name);

/// Is this folder an import root by its name: site-packages, dist-packages, lib-dynload?
bool is_root_name(std::string_view folder_name);

/// Places of files on disk. A folder is a package when it holds an __init__.py; below an import root (by its name, or
/// because installed distributions have left their *.dist-info there) every folder is on the way to a module, as
/// namespace packages (PEP 420) have no __init__.py. Remembers the folders it has looked into.
class ModulePlaces {
 public:
  /// `absolute` is an absolute path in normal form.
  ModulePlace place(const std::filesystem::path& absolute, const std::string& stem);

 private:
  bool is_root(const std::filesystem::path& folder);
  bool is_package(const std::filesystem::path& folder);
  std::map<std::string, bool> roots_{};
  std::map<std::string, bool> packages_{};
};

}  // namespace isoaudit::analyzer
