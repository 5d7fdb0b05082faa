#include "analyzer/targets/find_targets.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "model/module_file_name.h"

namespace isoaudit::analyzer {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> source_endings{".c", ".cc", ".cpp", ".cxx", ".c++"};
/// Never part of a project's own modules or sources.
constexpr std::array<std::string_view, 3> skipped_folders{".git", ".hg", "__pycache__"};
/// Folders that are import roots by their name, whatever they hold.
constexpr std::array<std::string_view, 3> root_folders{"site-packages", "dist-packages", "lib-dynload"};

bool one_of(std::string_view text, const auto& list) { return std::ranges::find(list, text) != list.end(); }

bool is_source(const fs::path& path) { return one_of(path.extension().string(), source_endings); }

/// The path as it is shown: forward slashes, no "./" and no doubled parts.
std::string shown(const fs::path& path) { return path.lexically_normal().generic_string(); }

class Search {
 public:
  /// Something the user named: its absence is a gap.
  void named(const std::string& name, bool sources_count) {
    std::error_code error;
    const fs::path path = name.empty() ? fs::path(".") : fs::path(name);
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) return gap(name, "no such file or folder");
    if (status.type() == fs::file_type::none) return gap(name, "cannot be read: " + error.message());
    if (status.type() == fs::file_type::directory) {
      const std::size_t sources_before = sources_seen_;
      folder(path);
      if (sources_count && sources_seen_ != sources_before) targets_.source_roots.push_back(shown(without_slash(path)));
      return;
    }
    if (status.type() != fs::file_type::regular) return gap(name, "is neither a file nor a folder");
    if (is_source(path)) {
      if (sources_count) targets_.source_roots.push_back(shown(path));
      return;
    }
    // A file is a compiled module because the user says so; what it really is, its bytes tell.
    add_binary(path);
  }

  Targets done() {
    const auto unique = [](auto& list) {
      std::ranges::sort(list);
      list.erase(std::unique(list.begin(), list.end()), list.end());
    };
    unique(targets_.binaries);
    unique(targets_.source_roots);
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
      return std::pair(a.is_symlink(ignored), a.path()) < std::pair(b.is_symlink(ignored), b.path());
    });
    for (const fs::directory_entry& entry : entries) this->entry(entry);
  }

  void entry(const fs::directory_entry& entry) {
    std::error_code error;
    const fs::path& path = entry.path();
    const std::string name = path.filename().string();
    if (entry.is_directory(error)) {
      if (!one_of(name, skipped_folders)) folder(path);
      return;
    }
    const bool regular = entry.is_regular_file(error);
    if (regular && is_source(path)) ++sources_seen_;
    if (!model::parse_module_file_name(name)) return;
    if (!regular) {
      // A link to nowhere or a pipe that is called like a module.
      std::error_code link_error;
      if (entry.is_symlink(link_error) && !fs::exists(path, link_error)) gap(shown(path), "is a link to nowhere");
      return;
    }
    const fs::path real = fs::canonical(path, error);
    if (!error && !files_.insert(real.generic_string()).second) return;
    add_binary(path);
  }

  void add_binary(const fs::path& path) {
    const std::string name = path.filename().string();
    const model::ModuleFileName file_name =
        model::parse_module_file_name(name).value_or(model::ModuleFileName{path.stem().string(), ""});
    std::error_code error;
    fs::path absolute = fs::absolute(path, error).lexically_normal();
    fs::path root = absolute.parent_path();
    std::string module = file_name.stem;
    while (is_package(root) && root.has_parent_path() && root != root.parent_path()) {
      module = root.filename().string() + "." + module;
      root = root.parent_path();
    }
    targets_.binaries.push_back({shown(path), module, root.generic_string(), file_name.abi_tag});
  }

  /// Below a folder called site-packages every folder is on the way to a module: namespace packages (PEP 420) have no
  /// __init__.py.
  static bool is_package(const fs::path& folder) {
    std::error_code error;
    if (one_of(folder.filename().string(), root_folders)) return false;
    for (const char* init : {"__init__.py", "__init__.pyc", "__init__.pyi"}) {
      if (fs::exists(folder / init, error)) return true;
    }
    const std::string name = folder.filename().string();
    if (name.empty() || name.find('.') != std::string::npos || name.find('-') != std::string::npos) return false;
    for (fs::path above = folder.parent_path(); above.has_relative_path(); above = above.parent_path()) {
      if (one_of(above.filename().string(), root_folders)) return true;
    }
    return false;
  }

  static fs::path without_slash(const fs::path& path) {
    return path.has_filename() || !path.has_parent_path() ? path : path.parent_path();
  }

  void gap(const std::string& input, const std::string& reason) { targets_.gaps.push_back({input, reason}); }

  Targets targets_{};
  std::set<std::string> walked_{};
  std::set<std::string> files_{};
  std::size_t sources_seen_ = 0;
};

}  // namespace

Targets find_targets(const std::vector<std::string>& named, const std::vector<std::string>& build_dirs) {
  Search search;
  for (const std::string& name : named) search.named(name, true);
  for (const std::string& name : build_dirs) search.named(name, false);
  return search.done();
}

bool importable_by(const BinaryTarget& target, const model::Interpreter& interpreter) {
  const std::string name = fs::path(target.path).filename().string();
  std::vector<std::string> suffixes = interpreter.import_suffixes;
  if (suffixes.empty() && !interpreter.ext_suffix.empty()) suffixes = {interpreter.ext_suffix};
  return std::ranges::any_of(suffixes, [&](const std::string& suffix) {
    if (!name.ends_with(suffix) || name.size() == suffix.size()) return false;
    // "a.b.so" would be the module "a.b" in this folder, which no import statement can name.
    return name.substr(0, name.size() - suffix.size()).find('.') == std::string::npos;
  });
}

}  // namespace isoaudit::analyzer
