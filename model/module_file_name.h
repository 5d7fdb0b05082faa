#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/python_version.h"

namespace isoaudit::model {

/// What the file name of a compiled module says (PEP 384, PEP 3149).
struct ModuleFileName {
  /// Last component of the module's name: "_speedups".
  std::string stem{};
  /// "cpython-314", "cpython-314t", "cpython-314d", "abi3", "abi3t", "cp314-win_amd64"; empty for a plain ".so".
  std::string abi_tag{};
};

/// `name` is a file name without its folder. Empty when its ending is none of a compiled module (.so, .pyd, .dylib).
std::optional<ModuleFileName> parse_module_file_name(std::string_view name);

/// The interpreters that an ABI tag lets in.
struct TagVersions {
  /// Oldest first; empty when no version that isoaudit knows loads such a file.
  std::vector<PythonVersion> versions{};
  bool free_threaded = false;
  /// One version's own tag: its layouts hold for sure. abi3 and plain names leave that open.
  bool exact = false;
};
TagVersions versions_of_tag(std::string_view abi_tag);

}  // namespace isoaudit::model
