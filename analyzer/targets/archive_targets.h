#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/targets/find_targets.h"

namespace isoaudit::analyzer {

struct ArchiveTargets {
  std::vector<BinaryTarget> binaries{};
  std::vector<model::Gap> gaps{};
  /// A source archive with C or C++ files. Of a wheel never: what stray sources it carries were not built from there.
  bool has_sources = false;
};

/// What is in a wheel or a source archive, by the names in it. `archive` is the path as it is shown.
ArchiveTargets look_into_archive(const std::string& archive, const ArchiveLimits& limits);

/// Where an installer of the wheel would put a member, relative to site-packages ("x-1.0.data/purelib/x/y.py" →
/// "x/y.py"); empty for one that goes elsewhere (scripts, headers). Members of other archives stay where they are.
std::string installed_path(std::string_view archive, std::string_view member);

/// Is this the file name of C or C++ source?
bool is_source_name(std::string_view name);

}  // namespace isoaudit::analyzer
