#include "cli/collect.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/source/collect_source.h"
#include "analyzer/targets/find_targets.h"
#include "cli/find_interpreters.h"
#include "cli/inspect_binaries.h"
#include "cli/probe_binaries.h"

namespace isoaudit::cli {
namespace {

using model::BinaryFacts;
using model::Facts;
using model::Gap;

bool reads_sources(Command command) { return command == Command::audit || command == Command::scan; }
bool reads_binaries(Command command) { return command != Command::scan; }

void scan_sources(const Options& options, const analyzer::Targets& targets, Facts& facts, Progress& progress) {
  if (targets.source_roots.empty()) return;
  analyzer::SourceOptions source;
  source.roots = targets.source_roots;
  source.build_dirs = options.build_dirs;
  source.jobs = options.jobs;
  if (!facts.pythons.empty()) source.python_include = facts.pythons.front().include_dir;
  source.progress = [&](std::size_t done, std::size_t all) {
    progress.show(fmt::format("scan: {} of {} units", done, all));
  };
  analyzer::SourceResult result = analyzer::collect_source(source);
  // An installed package may carry stray sources: without compile commands they are not what was asked for.
  if (result.no_commands && options.command == Command::audit && !targets.binaries.empty()) return;
  facts.source = std::move(result.facts);
  facts.gaps.insert(facts.gaps.end(), result.gaps.begin(), result.gaps.end());
}

/// Did anything of this command's kind come out of what the user named? An empty answer is no clean one.
void say_what_held_nothing(const Options& options, const analyzer::Targets& targets, Facts& facts) {
  for (const std::string& target : options.targets) {
    const auto below = [&](const std::string& path) { return path.starts_with(target); };
    const bool sources = reads_sources(options.command) && std::ranges::any_of(targets.source_roots, below);
    const bool modules =
        reads_binaries(options.command) && std::ranges::any_of(facts.binaries, below, &BinaryFacts::path);
    const bool said = std::ranges::any_of(facts.gaps, below, &Gap::input);
    if (sources || modules || said) continue;
    facts.gaps.push_back({target, options.command == Command::scan ? "holds no C or C++ sources"
                                  : options.command == Command::audit
                                      ? "holds no extension module and no C or C++ sources"
                                      : "holds no extension module"});
  }
}

/// Files of other builds are no fault of a folder, as long as each Python finds something of its own there.
void say_what_fits_no_python(Facts& facts) {
  for (const model::Interpreter& python : facts.pythons) {
    const bool fits = std::ranges::any_of(facts.binaries, [&](const BinaryFacts& binary) {
      return binary.named || std::ranges::find(binary.importable_by, python.id) != binary.importable_by.end();
    });
    if (!facts.binaries.empty() && !fits) {
      facts.gaps.push_back({"--python " + python.id, "none of the modules that were found is built for it"});
    }
  }
}

}  // namespace

Facts collect(const Options& options, Progress& progress) {
  Facts facts;
  find_interpreters(options, facts);
  const analyzer::Targets targets = analyzer::find_targets(options.targets, options.build_dirs);
  facts.gaps.insert(facts.gaps.end(), targets.gaps.begin(), targets.gaps.end());
  if (reads_sources(options.command)) scan_sources(options, targets, facts, progress);
  if (reads_binaries(options.command)) inspect_binaries(options, targets, facts, progress);
  say_what_held_nothing(options, targets, facts);
  say_what_fits_no_python(facts);
  const bool runs = options.command == Command::probe || (options.command == Command::audit && options.run_probe);
  if (runs) probe_binaries(options, facts, progress);
  progress.clear();
  return facts;
}

}  // namespace isoaudit::cli
