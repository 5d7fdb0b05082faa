#include "cli/scan_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

#include "analyzer/source/collect_source.h"
#include "cli/cache_folder.h"

namespace isoaudit::cli {
namespace {

using model::Facts;
using model::SourceFacts;

void append(auto& to, auto& from) {
  std::ranges::move(from, std::back_inserter(to));
  std::ranges::sort(to);
}

void merge(SourceFacts& into, SourceFacts& more) {
  append(into.units, more.units);
  append(into.entry_points, more.entry_points);
  append(into.variables, more.variables);
  append(into.api_uses, more.api_uses);
  append(into.type_specs, more.type_specs);
  append(into.handed_callbacks, more.handed_callbacks);
}

/// "pkg-1.0/a.c", as it lies in the unpacked archive → "dist/pkg-1.0.tar.gz/pkg-1.0/a.c".
class InArchive {
 public:
  InArchive(const std::string& archive, const UnpackedArchives& unpacked) : archive_(archive), unpacked_(unpacked) {}

  void rename(SourceFacts& facts) const {
    for (model::Unit& unit : facts.units) file(unit.file);
    for (model::SourceEntryPoint& hook : facts.entry_points) {
      file(hook.unit);
      place(hook.where);
      place(hook.declaration);
    }
    for (model::Variable& variable : facts.variables) {
      file(variable.unit);
      place(variable.where);
      for (model::Write& write : variable.writes) place(write.where);
    }
    for (model::ApiUse& use : facts.api_uses) {
      file(use.unit);
      place(use.where);
    }
    for (model::TypeSpec& spec : facts.type_specs) {
      file(spec.unit);
      place(spec.where);
    }
    for (model::HandedCallback& handed : facts.handed_callbacks) {
      file(handed.unit);
      place(handed.where);
    }
  }

  void rename(std::vector<model::Gap>& gaps) const {
    for (model::Gap& gap : gaps) {
      const std::string input = unpacked_.shown(gap.input);
      const bool whole = input == "." || input.empty();
      gap.input = whole ? archive_ : input.starts_with('/') ? input : archive_ + "/" + input;
      gap.reason = unpacked_.shown(std::move(gap.reason));
    }
  }

 private:
  void place(model::Location& where) const { file(where.file); }
  void file(std::string& path) const {
    if (path.empty()) return;
    path = unpacked_.shown(std::move(path));
    if (!path.starts_with('/')) path = archive_ + "/" + path;
  }

  const std::string& archive_;
  const UnpackedArchives& unpacked_;
};

analyzer::UsersNames users_names(const Config& config) {
  analyzer::UsersNames names{config.wrapper_classes, {}};
  for (const model::AddedFunction& function : config.functions) names.functions.push_back(function.name);
  return names;
}

class Scan {
 public:
  Scan(const Options& options, const analyzer::Targets& targets, UnpackedArchives& unpacked, Progress& progress)
      : options_(options), targets_(targets), unpacked_(unpacked), progress_(progress) {}

  /// Every archive has a folder, or is among the gaps.
  void unpack(std::vector<model::Gap>& gaps) {
    for (const std::string& archive : targets_.source_archives) {
      const std::string folder = unpacked_.unpack_sources(archive, gaps);
      if (!folder.empty()) archives_.emplace_back(archive, folder);
    }
  }

  ReadWith read(const HeaderSet& headers, bool is_only) {
    ReadWith read{headers.pythons, {}, {}};
    analyzer::SourceOptions source;
    source.build_dirs = options_.build_dirs;
    source.jobs = options_.jobs;
    source.python_include = headers.folder;
    source.only_that_python = headers.asked_for;
    source.names = users_names(options_.config);
    source.progress = [&, whose = is_only ? "" : fmt::format(" for Python {}", headers.pythons.front())](
                          std::size_t done, std::size_t all) {
      progress_.show(fmt::format("scan{}: {} of {} units", whose, done, all));
    };
    if (!targets_.source_roots.empty()) {
      source.roots = targets_.source_roots;
      source.cache_dir = cache_folder(options_);
      analyzer::SourceResult result = analyzer::collect_source(source);
      say_what_cannot_be_kept(result);
      if (!is_unasked(result)) {
        read.facts = std::move(result.facts);
        read.gaps = std::move(result.gaps);
      }
    }
    // Each time they are unpacked elsewhere.
    source.cache_dir.clear();
    for (const auto& [archive, folder] : archives_) {
      source.roots = {folder};
      analyzer::SourceResult result = analyzer::collect_source(source);
      if (is_unasked(result)) continue;
      const InArchive in_archive(archive, unpacked_);
      in_archive.rename(result.facts);
      in_archive.rename(result.gaps);
      merge(read.facts, result.facts);
      std::ranges::move(result.gaps, std::back_inserter(read.gaps));
    }
    return read;
  }

 private:
  /// An installed package may carry stray sources: without compile commands they are not what was asked for.
  bool is_unasked(const analyzer::SourceResult& result) const {
    return result.no_commands && options_.command == Command::audit && !targets_.binaries.empty();
  }

  void say_what_cannot_be_kept(const analyzer::SourceResult& result) {
    if (result.cache_trouble.empty() || options_.quiet || std::exchange(said_, true)) return;
    progress_.clear();
    fmt::print(stderr, "isoaudit: nothing can be kept for the next scan: {}\n", result.cache_trouble);
  }

  const Options& options_;
  const analyzer::Targets& targets_;
  UnpackedArchives& unpacked_;
  Progress& progress_;
  /// Name and folder.
  std::vector<std::pair<std::string, std::string>> archives_{};
  bool said_ = false;
};

}  // namespace

void scan_sources(const Options& options, const analyzer::Targets& targets, const std::vector<HeaderSet>& headers,
                  UnpackedArchives& unpacked, Facts& facts, Progress& progress) {
  Scan scan(options, targets, unpacked, progress);
  scan.unpack(facts.gaps);
  std::vector<ReadWith> read;
  for (const HeaderSet& set : headers) read.push_back(scan.read(set, headers.size() == 1));
  const bool any = std::ranges::any_of(read, [](const ReadWith& with) { return !with.facts.units.empty(); });
  if (any) std::ranges::move(missing_headers(headers), std::back_inserter(facts.gaps));
  put_sources(std::move(read), facts);
}

}  // namespace isoaudit::cli
