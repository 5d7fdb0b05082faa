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

}  // namespace

void scan_sources(const Options& options, const analyzer::Targets& targets, const std::string& python_include,
                  UnpackedArchives& unpacked, Facts& facts, Progress& progress) {
  analyzer::SourceOptions source;
  source.build_dirs = options.build_dirs;
  source.jobs = options.jobs;
  source.python_include = python_include;
  source.cache_dir = cache_folder(options);
  source.progress = [&](std::size_t done, std::size_t all) {
    progress.show(fmt::format("scan: {} of {} units", done, all));
  };
  // An installed package may carry stray sources: without compile commands they are not what was asked for.
  const auto unasked = [&](const analyzer::SourceResult& result) {
    return result.no_commands && options.command == Command::audit && !targets.binaries.empty();
  };
  if (!targets.source_roots.empty()) {
    source.roots = targets.source_roots;
    analyzer::SourceResult result = analyzer::collect_source(source);
    if (!result.cache_trouble.empty() && !options.quiet) {
      progress.clear();
      fmt::print(stderr, "isoaudit: nothing can be kept for the next scan: {}\n", result.cache_trouble);
    }
    if (!unasked(result)) {
      facts.source = std::move(result.facts);
      std::ranges::move(result.gaps, std::back_inserter(facts.gaps));
    }
  }
  // Each time it is unpacked elsewhere.
  source.cache_dir.clear();
  for (const std::string& archive : targets.source_archives) {
    const std::string folder = unpacked.unpack_sources(archive, facts.gaps);
    if (folder.empty()) continue;
    source.roots = {folder};
    analyzer::SourceResult result = analyzer::collect_source(source);
    if (unasked(result)) continue;
    const InArchive in_archive(archive, unpacked);
    in_archive.rename(result.facts);
    in_archive.rename(result.gaps);
    merge(facts.source, result.facts);
    std::ranges::move(result.gaps, std::back_inserter(facts.gaps));
  }
}

}  // namespace isoaudit::cli
