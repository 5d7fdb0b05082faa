#include "cli/scan_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <utility>

#include "analyzer/archive/archive_name.h"
#include "cli/cache_folder.h"
#include "cli/project_settings.h"
#include "cli/renamed_facts.h"

namespace isoaudit::cli {
namespace {

using model::Facts;
using model::Gap;
using model::SourceFacts;

void append(auto& to, auto& from) {
  if (to.empty()) {
    to = std::move(from);
  } else {
    std::ranges::move(from, std::back_inserter(to));
  }
  // What one collector brings is sorted already.
  if (!std::ranges::is_sorted(to)) std::ranges::sort(to);
}

void merge(SourceFacts& into, SourceFacts& more) {
  append(into.units, more.units);
  append(into.entry_points, more.entry_points);
  append(into.variables, more.variables);
  append(into.api_uses, more.api_uses);
  append(into.type_specs, more.type_specs);
  append(into.handed_callbacks, more.handed_callbacks);
}

/// A folder that is built, not one where things are installed.
bool is_project(const std::string& root) {
  std::error_code error;
  if (!std::filesystem::is_directory(root, error)) return true;
  return std::ranges::any_of(std::to_array({"setup.py", "pyproject.toml", "meson.build", "CMakeLists.txt"}),
                             [&](const char* name) { return std::filesystem::exists(root + "/" + name, error); });
}

/// What a source archive holds: a project, in a folder named after it.
bool holds_project(const std::string& folder) {
  if (is_project(folder)) return true;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && is_project(it->path().string())) return true;
  }
  return false;
}

/// A source archive or a tree that was built: its facts go by the names that the user knows.
struct Copy {
  std::string folder{};
  std::vector<std::string> build_dirs{};
  RenamedFacts names;
};

analyzer::UsersNames users_names(const Config& config) {
  analyzer::UsersNames names{config.wrapper_classes, {}};
  for (const model::AddedFunction& function : config.functions) names.functions.push_back(function.name);
  return names;
}

class Scan {
 public:
  Scan(const Options& options, const analyzer::Targets& targets, const std::vector<model::Interpreter>& pythons,
       UnpackedArchives& unpacked, Progress& progress)
      : options_(options), targets_(targets), pythons_(pythons), unpacked_(unpacked), progress_(progress) {}

  /// What is read where it lies, and what is copied; every archive has a folder, or is among the gaps.
  void prepare(const BuiltProjects& built, std::vector<Gap>& gaps) {
    std::vector<std::string> names;
    for (const BuiltProject& project : built.projects) {
      const std::string name = analyzer::shown_path(project.named);
      names.push_back(name);
      // A tree that was named alone gives its files names of its own.
      const bool is_alone = !analyzer::is_archive_name(name) && options_.targets.size() == 1;
      copies_.push_back(
          {project.folder, project.build_dirs, RenamedFacts(is_alone ? "" : name + "/", name, unpacked_)});
    }
    const auto is_built = [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); };
    for (const std::string& archive : targets_.source_archives) {
      if (is_built(archive)) continue;
      const std::string folder = unpacked_.unpack_sources(archive, gaps);
      if (!folder.empty()) {
        copies_.push_back({folder, options_.build_dirs, RenamedFacts(archive + "/", archive, unpacked_)});
      }
    }
    std::ranges::copy_if(targets_.source_roots, std::back_inserter(roots_),
                         [&](const std::string& root) { return !is_built(root); });
    may_be_stray_ = options_.command == Command::audit && !targets_.binaries.empty() && !options_.build;
  }

  ReadWith read(const HeaderSet& headers, bool is_only) {
    ReadWith read{headers.pythons, {}, {}, {}};
    analyzer::SourceOptions source;
    source.jobs = options_.jobs;
    source.python_include = headers.folder;
    source.only_that_python = headers.asked_for;
    source.names = users_names(options_.config);
    source.progress = [&, whose = is_only ? "" : fmt::format(" for Python {}", headers.pythons.front())](
                          std::size_t done, std::size_t all) {
      progress_.show(fmt::format("scan{}: {} of {} units", whose, done, all));
    };
    if (!roots_.empty()) {
      source.roots = roots_;
      source.build_dirs = options_.build_dirs;
      source.cache_dir = cache_folder(options_);
      // Nothing else joins them, and nobody asks for them but who judges.
      const bool is_all = is_only && copies_.empty() && options_.command == Command::scan;
      source.leave_packed = is_all;
      source.guess = may_guess(source.build_dirs, std::ranges::all_of(roots_, is_project));
      analyzer::SourceResult result = collect(source, headers);
      if (is_all) kept_ = {std::move(result.facts_name), std::move(result.packed)};
      say_what_cannot_be_kept(result);
      take(result, read);
    }
    // Each time they lie elsewhere.
    source.cache_dir.clear();
    for (const Copy& copy : copies_) {
      source.roots = {copy.folder};
      source.build_dirs = copy.build_dirs;
      source.guess = may_guess(source.build_dirs, holds_project(copy.folder));
      analyzer::SourceResult result = collect(source, headers);
      copy.names.rename(result.facts);
      copy.names.rename(result.gaps);
      copy.names.rename(result.notes);
      take(result, read);
    }
    return read;
  }

  bool left_packed() const { return !kept_.packed.empty(); }
  KeptSources kept() { return std::move(kept_); }

 private:
  bool may_guess(const std::vector<std::string>& build_dirs, bool is_project) const {
    return build_dirs.empty() && (is_project || !may_be_stray_);
  }

  analyzer::SourceResult collect(analyzer::SourceOptions& source, const HeaderSet& headers) const {
    source.settings.clear();
    std::vector<Gap> unread;
    if (source.guess) source.settings = read_project_settings(source.roots, python_of(headers), unread);
    analyzer::SourceResult result = analyzer::collect_source(source);
    if (result.no_commands) std::ranges::move(unread, std::back_inserter(result.gaps));
    return result;
  }

  const model::Interpreter* python_of(const HeaderSet& headers) const {
    const auto found = std::ranges::find_if(pythons_, [&](const model::Interpreter& python) {
      return std::ranges::find(headers.pythons, python.id) != headers.pythons.end();
    });
    return found == pythons_.end() ? nullptr : &*found;
  }

  void take(analyzer::SourceResult& result, ReadWith& read) const {
    // An installed package may carry stray sources: without compile commands they are not what was asked for.
    if (result.no_commands && result.facts.units.empty() && may_be_stray_) return;
    merge(read.facts, result.facts);
    std::ranges::move(result.gaps, std::back_inserter(read.gaps));
    for (const Gap& note : result.notes) read.notes.push_back(note.input + ": " + note.reason);
  }

  void say_what_cannot_be_kept(const analyzer::SourceResult& result) {
    if (result.cache_trouble.empty() || options_.quiet || std::exchange(said_, true)) return;
    progress_.clear();
    fmt::print(stderr, "isoaudit: nothing can be kept for the next scan: {}\n", result.cache_trouble);
  }

  const Options& options_;
  const analyzer::Targets& targets_;
  const std::vector<model::Interpreter>& pythons_;
  UnpackedArchives& unpacked_;
  Progress& progress_;
  std::vector<std::string> roots_{};
  std::vector<Copy> copies_{};
  KeptSources kept_{};
  bool may_be_stray_ = false;
  bool said_ = false;
};

}  // namespace

KeptSources scan_sources(const Options& options, const analyzer::Targets& targets,
                         const std::vector<HeaderSet>& headers, const std::vector<model::Interpreter>& pythons,
                         const BuiltProjects& built, UnpackedArchives& unpacked, Facts& facts, Progress& progress) {
  Scan scan(options, targets, pythons, unpacked, progress);
  scan.prepare(built, facts.gaps);
  std::vector<ReadWith> read;
  for (const HeaderSet& set : headers) read.push_back(scan.read(set, headers.size() == 1));
  const bool any =
      scan.left_packed() || std::ranges::any_of(read, [](const ReadWith& with) { return !with.facts.units.empty(); });
  if (any) std::ranges::move(missing_headers(headers), std::back_inserter(facts.gaps));
  put_sources(std::move(read), facts);
  return scan.kept();
}

}  // namespace isoaudit::cli
