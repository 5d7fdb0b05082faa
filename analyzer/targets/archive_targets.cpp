#include "analyzer/targets/archive_targets.h"

#include <algorithm>
#include <array>
#include <set>

#include "analyzer/archive/read_archive.h"
#include "analyzer/targets/module_places.h"
#include "model/module_file_name.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::array<std::string_view, 5> source_endings{".c", ".cc", ".cpp", ".cxx", ".c++"};

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_wheel(std::string_view archive) { return archive.ends_with(".whl"); }

/// Folders of an archive, known by the files in them.
class Folders {
 public:
  Folders(std::string_view archive, const std::vector<ArchiveMember>& members) : wheel_(is_wheel(archive)) {
    for (const ArchiveMember& member : members) {
      const std::string path = installed_path(archive, member.path);
      const std::size_t slash = path.rfind('/');
      const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
      if (std::string_view(path).substr(slash + 1).starts_with("__init__.py")) packages_.insert(folder);
      if (folder.ends_with(".dist-info"))
        roots_.insert(folder.substr(0, std::max<std::size_t>(folder.rfind('/') + 1, 1) - 1));
    }
  }

  bool is_package(std::string_view folder) const {
    if (is_root_name(last_part(folder)) || roots_.contains(folder)) return false;
    if (packages_.contains(folder)) return true;
    return can_be_package(last_part(folder)) && (wheel_ || below_root(folder));
  }

 private:
  bool below_root(std::string_view folder) const {
    while (true) {
      const std::size_t slash = folder.rfind('/');
      folder = slash == std::string_view::npos ? std::string_view() : folder.substr(0, slash);
      if (roots_.contains(folder) || is_root_name(last_part(folder))) return true;
      if (folder.empty()) return false;
    }
  }

  bool wheel_;
  std::set<std::string, std::less<>> packages_{};
  std::set<std::string, std::less<>> roots_{};
};

BinaryTarget target_of(const std::string& archive, const std::string& member, const model::ModuleFileName& name,
                       const Folders& folders) {
  BinaryTarget target;
  target.path = archive + "/" + member;
  target.archive = archive;
  target.member = member;
  target.abi_tag = name.abi_tag;
  const std::string path = installed_path(archive, member);
  target.off_path = path.empty();
  const ModulePlace place = place_below(path.empty() ? std::string(last_part(member)) : path, name.stem,
                                        [&](std::string_view folder) { return folders.is_package(folder); });
  target.module = place.module;
  target.import_root = place.import_root;
  return target;
}

}  // namespace

bool is_source_name(std::string_view name) {
  return std::ranges::any_of(source_endings,
                             [&](std::string_view e) { return name.ends_with(e) && name.size() > e.size(); });
}

std::string installed_path(std::string_view archive, std::string_view member) {
  if (!is_wheel(archive)) return std::string(member);
  const std::size_t slash = member.find('/');
  if (slash == std::string_view::npos || !member.substr(0, slash).ends_with(".data")) return std::string(member);
  const std::string_view rest = member.substr(slash + 1);
  for (std::string_view scheme : {"purelib/", "platlib/"}) {
    if (rest.starts_with(scheme)) return std::string(rest.substr(scheme.size()));
  }
  return "";
}

ArchiveTargets look_into_archive(const std::string& archive, const ArchiveLimits& limits) {
  ArchiveTargets found;
  const bool sources_count = !is_wheel(archive);
  const auto matters = [&](std::string_view path) {
    const std::string_view name = last_part(path);
    return model::parse_module_file_name(name).has_value() || (sources_count && is_source_name(name));
  };
  ArchiveListing listing = list_archive(archive, matters, limits);
  found.gaps = std::move(listing.gaps);
  const Folders folders(archive, listing.members);
  for (const ArchiveMember& member : listing.members) {
    const std::string_view name = last_part(member.path);
    if (sources_count && is_source_name(name)) found.has_sources = true;
    if (is_archive_name(name))
      found.gaps.push_back({archive + "/" + member.path, "is an archive in an archive: not opened"});
    if (const auto module = model::parse_module_file_name(name)) {
      found.binaries.push_back(target_of(archive, member.path, *module, folders));
    }
  }
  return found;
}

}  // namespace isoaudit::analyzer
