#include "analyzer/targets/find_targets.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <system_error>

#include "analyzer/archive/read_archive.h"
#include "analyzer/targets/archive_targets.h"
#include "analyzer/targets/module_places.h"
#include "model/module_file_name.h"

namespace isoaudit::analyzer {
namespace {

namespace fs = std::filesystem;

/// Never part of a project's own modules or sources.
constexpr std::array<std::string_view, 3> skipped_folders{".git", ".hg", "__pycache__"};

bool one_of(std::string_view text, const auto& list) { return std::ranges::find(list, text) != list.end(); }

/// The path as it is shown: forward slashes, no "./" and no doubled parts.
std::string shown(const fs::path& path) { return path.lexically_normal().generic_string(); }

/// What tells whether two paths are one file.
std::string identity(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? fs::absolute(path, error).lexically_normal().generic_string() : real.generic_string();
}

class Search {
 public:
  explicit Search(const ArchiveLimits& limits) : limits_(limits) {}

  /// Something the user named: its absence is a gap.
  void named(const std::string& name, bool sources_count) {
    named_ = name;
    std::error_code error;
    const fs::path path = name.empty() ? fs::path(".") : fs::path(name);
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) return gap(name, "no such file or folder");
    if (status.type() == fs::file_type::none) return gap(name, "cannot be read: " + error.message());
    if (status.type() == fs::file_type::directory) {
      const std::size_t sources_before = sources_seen_;
      folder(path);
      if (sources_count && sources_seen_ != sources_before) {
        add_source(targets_.source_roots, shown_path(path.string()));
      }
      return;
    }
    if (status.type() != fs::file_type::regular) return gap(name, "is neither a file nor a folder");
    if (is_source_name(path.filename().string())) {
      if (sources_count) add_source(targets_.source_roots, shown(path));
      return;
    }
    if (is_archive_name(name)) return archive(path, sources_count);
    // A file is a compiled module because the user says so; what it really is, its bytes tell.
    add_file(path, true);
  }

  /// The modules that RECORD names are where it says, or they are a gap.
  void installed(const Distribution& distribution) {
    named_ = distribution.asked;
    for (const std::string& file : distribution.files) {
      const fs::path path = (fs::path(distribution.root) / file).lexically_normal();
      std::error_code error;
      if (!fs::is_regular_file(path, error)) {
        gap(path.generic_string(), "belongs to " + distribution.name + " (its RECORD names it), but is not there");
        continue;
      }
      BinaryTarget target = file_target(path);
      target.only_for = {distribution.python};
      if (!file.starts_with("..")) {
        const ModulePlace place =
            place_below(file, target.module.substr(target.module.rfind('.') + 1),
                        [](std::string_view folder) { return can_be_package(folder.substr(folder.rfind('/') + 1)); });
        target.module = place.module;
        target.import_root = (fs::path(distribution.root) / place.import_root).lexically_normal().generic_string();
        if (target.import_root.size() > 1 && target.import_root.ends_with('/')) target.import_root.pop_back();
      }
      add(std::move(target), identity(path));
    }
  }

  Targets done() {
    for (auto& [key, target] : binaries_) targets_.binaries.push_back(std::move(target));
    const auto unique = [](auto& list) {
      std::ranges::sort(list);
      list.erase(std::unique(list.begin(), list.end()), list.end());
    };
    unique(targets_.binaries);
    unique(targets_.source_roots);
    unique(targets_.source_archives);
    unique(targets_.archives);
    unique(targets_.origins);
    unique(targets_.gaps);
    return std::move(targets_);
  }

 private:
  void folder(const fs::path& path) {
    std::error_code error;
    // A real folder is walked once, by whatever names it is reached: links cannot make loops or doubles.
    const fs::path real = fs::canonical(path, error);
    if (error) return gap(shown(path), "cannot be read: " + error.message());
    if (!walked_.insert(real.generic_string()).second) return;
    std::vector<fs::directory_entry> entries;
    fs::directory_iterator next(path, error), end;
    for (; !error && next != end; next.increment(error)) entries.push_back(*next);
    if (error) gap(shown(path), "cannot be read: " + error.message());
    // Real entries before links, so that a thing keeps its own name when a link to it exists.
    std::ranges::sort(entries, [](const fs::directory_entry& a, const fs::directory_entry& b) {
      std::error_code ignored;
      const bool a_links = a.is_symlink(ignored), b_links = b.is_symlink(ignored);
      return a_links != b_links ? b_links : a.path().native() < b.path().native();
    });
    for (const fs::directory_entry& entry : entries) this->entry(entry, real);
  }

  /// `real` is where the folder really is.
  void entry(const fs::directory_entry& entry, const fs::path& real) {
    std::error_code error;
    const fs::path& path = entry.path();
    const std::string name = path.filename().string();
    if (entry.is_directory(error)) {
      if (!one_of(name, skipped_folders)) folder(path);
      return;
    }
    const bool regular = entry.is_regular_file(error);
    if (regular && is_source_name(name)) ++sources_seen_;
    // Of archives only wheels: a .zip or .tar.gz that lies about may be anything.
    const bool wheel = name.ends_with(".whl") && name.size() > 4;
    if (!wheel && !model::parse_module_file_name(name)) return;
    if (!regular) {
      // A link to nowhere or a pipe that is called like a module.
      std::error_code link_error;
      if (entry.is_symlink(link_error) && !fs::exists(path, link_error)) gap(shown(path), "is a link to nowhere");
      return;
    }
    if (wheel) return archive(path, false);
    // To ask the system again for the place of each file would take longer than all else here.
    add_file(path, false, entry.is_symlink(error) ? identity(path) : (real / name).generic_string());
  }

  void archive(const fs::path& path, bool sources_count) {
    const std::string key = identity(path);
    const auto [known, fresh] = archives_.try_emplace(key);
    ArchiveTargets& inside = known->second;
    if (fresh) {
      inside = look_into_archive(shown(path), limits_);
      targets_.gaps.insert(targets_.gaps.end(), inside.gaps.begin(), inside.gaps.end());
      targets_.archives.push_back(shown(path));
    }
    if (inside.binaries.empty() && inside.gaps.empty()) targets_.origins.push_back({named_, shown(path)});
    if (sources_count && inside.has_sources) add_source(targets_.source_archives, shown(path));
    for (const BinaryTarget& target : inside.binaries) add(target, key + "/" + target.member);
  }

  BinaryTarget file_target(const fs::path& path) {
    const std::string name = path.filename().string();
    const model::ModuleFileName file_name =
        model::parse_module_file_name(name).value_or(model::ModuleFileName{path.stem().string(), ""});
    std::error_code error;
    const ModulePlace place = places_.place(fs::absolute(path, error).lexically_normal(), file_name.stem);
    BinaryTarget target;
    target.path = shown(path);
    target.module = place.module;
    target.import_root = place.import_root;
    target.abi_tag = file_name.abi_tag;
    return target;
  }

  void add_file(const fs::path& path, bool by_name) { add_file(path, by_name, identity(path)); }

  void add_file(const fs::path& path, bool by_name, const std::string& key) {
    if (const auto known = binaries_.find(key); known != binaries_.end()) {
      known->second.named = known->second.named || by_name;
      known->second.only_for.clear();
      targets_.origins.push_back({named_, known->second.path});
      return;
    }
    BinaryTarget target = file_target(path);
    target.named = by_name;
    add(std::move(target), key);
  }

  void add(BinaryTarget target, const std::string& key) {
    const auto [at, fresh] = binaries_.try_emplace(key, target);
    targets_.origins.push_back({named_, at->second.path});
    if (fresh || at->second.only_for.empty()) return;
    // Two interpreters have it installed.
    std::set<std::string> all(at->second.only_for.begin(), at->second.only_for.end());
    all.insert(target.only_for.begin(), target.only_for.end());
    at->second.only_for.assign(all.begin(), all.end());
  }

  void add_source(std::vector<std::string>& list, const std::string& path) {
    list.push_back(path);
    targets_.origins.push_back({named_, path});
  }

  void gap(const std::string& input, const std::string& reason) { targets_.gaps.push_back({input, reason}); }

  ArchiveLimits limits_;
  Targets targets_{};
  ModulePlaces places_{};
  /// What the user wrote that is being followed right now.
  std::string named_{};
  std::set<std::string> walked_{};
  std::map<std::string, ArchiveTargets> archives_{};
  std::map<std::string, BinaryTarget> binaries_{};
  std::size_t sources_seen_ = 0;
};

}  // namespace

std::string shown_path(const std::string& named) {
  std::string text = shown(named);
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

Targets find_targets(const TargetRequest& request) {
  Search search(request.limits);
  // By name first: a file named by itself and found in a folder keeps the name that it was given.
  for (const std::string& name : request.named) search.named(name, true);
  for (const std::string& name : request.build_dirs) search.named(name, false);
  for (const Distribution& distribution : request.distributions) search.installed(distribution);
  return search.done();
}

}  // namespace isoaudit::analyzer
