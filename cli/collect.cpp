#include "cli/collect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>

#include "analyzer/targets/columns.h"
#include "analyzer/targets/find_targets.h"
#include "cli/build_projects.h"
#include "cli/distributions.h"
#include "cli/find_interpreters.h"
#include "cli/header_sets.h"
#include "cli/inspect_binaries.h"
#include "cli/named_inputs.h"
#include "cli/probe_binaries.h"
#include "cli/scan_sources.h"
#include "cli/unpacked_archives.h"
#include "loader_probe/host/interpreters.h"
#include "loader_probe/host/server_ahead.h"

namespace isoaudit::cli {
namespace {

using model::Facts;
using model::Gap;

bool reads_sources(Command command) { return command == Command::audit || command == Command::scan; }
bool reads_binaries(Command command) { return command != Command::scan; }

/// Names of installed distributions → their modules, for each interpreter its own.
void ask_for_distributions(const NamedInputs& inputs, analyzer::TargetRequest& request, Facts& facts) {
  std::vector<std::string> pure;
  for (const model::Interpreter& python : facts.pythons) {
    Distributions found = find_distributions(inputs.distributions, python);
    std::ranges::move(found.gaps, std::back_inserter(facts.gaps));
    std::ranges::move(found.projects, std::back_inserter(request.named));
    for (analyzer::Distribution& distribution : found.installed) {
      if (distribution.files.empty()) pure.push_back(distribution.name + " " + distribution.version);
      request.distributions.push_back(std::move(distribution));
    }
  }
  if (facts.pythons.empty()) {
    for (const analyzer::Requirement& wanted : inputs.distributions) {
      facts.gaps.push_back({wanted.name, "is neither a file nor a folder, and there is no interpreter to ask for it"});
    }
  }
  std::ranges::sort(pure);
  pure.erase(std::unique(pure.begin(), pure.end()), pure.end());
  if (!pure.empty()) facts.notes.push_back(fmt::format("no compiled modules in {}", fmt::join(pure, ", ")));
}

/// Did anything of this command's kind come out of what the user named? An empty answer is no clean one; a wheel that
/// is all Python is.
void say_what_held_nothing(const Options& options, const std::vector<std::string>& named,
                           const analyzer::Targets& targets, const BuiltProjects& built, Facts& facts) {
  std::set<std::string> useful;
  if (reads_binaries(options.command)) {
    for (const model::BinaryFacts& binary : facts.binaries) useful.insert(binary.path);
  }
  if (reads_sources(options.command)) {
    useful.insert(targets.source_roots.begin(), targets.source_roots.end());
    useful.insert(targets.source_archives.begin(), targets.source_archives.end());
  }
  const std::set<std::string> archives(targets.archives.begin(), targets.archives.end());
  std::set<std::string> pure;
  std::set<std::string> answered;
  // Its own gaps say what was not there.
  for (const BuiltProject& project : built.projects) answered.insert(project.named);
  const auto is_built = [&](const std::string& path) {
    return std::ranges::find(built.projects, path, [](const BuiltProject& one) {
             return analyzer::shown_path(one.named);
           }) != built.projects.end();
  };
  for (const analyzer::Origin& origin : targets.origins) {
    // What sources it has were asked for, not modules.
    const bool is_pure =
        reads_binaries(options.command) && archives.contains(origin.path) && !useful.contains(origin.path);
    if (is_pure && !is_built(origin.path)) pure.insert(origin.path);
    if (is_pure || useful.contains(origin.path)) answered.insert(origin.named);
  }
  // A gap speaks for the thing that was named when that is its input, or holds it.
  for (const Gap& gap : facts.gaps) {
    std::string input = gap.input;
    if (!input.starts_with('/')) answered.insert(".");
    for (std::size_t slash = 0; slash != std::string::npos; input.resize(slash)) {
      answered.insert(input);
      slash = input.rfind('/');
      if (slash == std::string::npos) break;
    }
  }
  for (const std::string& name : named) {
    if (answered.contains(name) || answered.contains(analyzer::shown_path(name))) continue;
    facts.gaps.push_back({name, options.command == Command::scan ? "holds no C or C++ sources"
                                : options.command == Command::audit
                                    ? "holds no extension module and no C or C++ sources"
                                    : "holds no extension module"});
  }
  if (!pure.empty()) facts.notes.push_back(fmt::format("no compiled modules in {}", fmt::join(pure, ", ")));
}

/// Files of other builds are no fault of a folder, as long as each Python finds something of its own there.
void say_what_fits_no_python(const analyzer::Targets& targets, Facts& facts) {
  // Of installed distributions it is known for each Python whether it has them.
  const auto installed = [](const analyzer::BinaryTarget& target) { return !target.only_for.empty(); };
  if (std::ranges::all_of(targets.binaries, installed)) return;
  for (const model::Interpreter& python : facts.pythons) {
    const bool fits = std::ranges::any_of(facts.binaries, [&](const model::BinaryFacts& binary) {
      return binary.named || std::ranges::find(binary.importable_by, python.id) != binary.importable_by.end();
    });
    // A column that the files' own names asked for has its file.
    if (!facts.binaries.empty() && !fits && !python.executable.empty()) {
      facts.gaps.push_back({"--python " + python.id, "none of the modules that were found is built for it"});
    }
  }
}

/// Keeps the first interpreter running where modules will run in it soon.
void keep_interpreter(const Options& options, std::optional<loader_probe::ServerAhead>& ahead, const Facts& facts) {
  if (!runs_modules(options) || options.build || facts.pythons.empty()) return;
  const std::string& first = facts.pythons.front().executable;
  if (!ahead || !ahead->serves(first)) ahead.emplace(first, probe_options(options));
}

}  // namespace

Facts Collected::whole() && {
  if (!sources.packed.empty()) facts.source = sources.packed.unpacked();
  return std::move(facts);
}

Collected collect(const Options& options, Progress& progress) {
  Collected collected;
  Facts& facts = collected.facts;
  facts.added_functions = options.config.functions;
  NamedInputs inputs = named_inputs(options, std::cin);
  std::ranges::move(inputs.gaps, std::back_inserter(facts.gaps));

  // Nothing is run and nobody has to be asked: then the files themselves say which Pythons they are for.
  const bool by_tags = options.pythons.empty() && !runs_modules(options) && inputs.distributions.empty() &&
                       reads_binaries(options.command);
  // The interpreter that modules will run in comes up while they are read: to start one takes longer. What it is it
  // says itself then; who has to know that sooner waits for it.
  std::optional<loader_probe::ServerAhead> ahead;
  if (runs_modules(options) && !options.build && !options.pythons.empty()) {
    ahead.emplace(loader_probe::first_candidate(options.pythons.front()), probe_options(options));
  }
  bool nobody_chose = false;
  const std::function<void()> ask = [&] {
    const bool needed = runs_modules(options) || options.build || !inputs.distributions.empty();
    nobody_chose = find_interpreters(options, inputs.paths, needed, ahead ? &*ahead : nullptr, facts);
    keep_interpreter(options, ahead, facts);
  };
  const bool asks_last = ahead && !reads_sources(options.command) && inputs.distributions.empty();
  if (!asks_last && (!by_tags || reads_sources(options.command))) ask();
  const std::vector<HeaderSet> headers = header_sets(options, facts.pythons);

  // The columns may be others once the files have spoken.
  const std::vector<model::Interpreter> pythons = facts.pythons;

  UnpackedArchives unpacked(options.archive_limits);
  BuiltProjects built;
  if (options.build) {
    built = build_projects(options, inputs.paths, reads_binaries(options.command), unpacked, facts, progress);
  }
  analyzer::TargetRequest request{inputs.paths, options.build_dirs, {}, options.archive_limits};
  if (reads_binaries(options.command))
    request.named.insert(request.named.end(), built.wheels.begin(), built.wheels.end());
  if (!inputs.distributions.empty()) ask_for_distributions(inputs, request, facts);
  const analyzer::Targets targets = analyzer::find_targets(request);
  facts.gaps.insert(facts.gaps.end(), targets.gaps.begin(), targets.gaps.end());
  if (by_tags && !targets.binaries.empty()) facts.pythons = analyzer::columns_of(targets.binaries);
  // Sources are read under the headers of the one that was found first.
  const bool has_sources = !targets.source_roots.empty() || !targets.source_archives.empty();
  if (nobody_chose && runs_modules(options) && inputs.distributions.empty() && !has_sources) {
    prefer_what_fits(analyzer::columns_of(targets.binaries), facts);
    keep_interpreter(options, ahead, facts);
  }

  if (reads_sources(options.command))
    collected.sources = scan_sources(options, targets, headers, pythons, built, unpacked, facts, progress);
  if (reads_binaries(options.command)) {
    inspect_binaries(options, targets, facts, progress, analyzer::collect_binary, asks_last ? ask : nullptr);
  }
  say_what_held_nothing(options, inputs.paths, targets, built, facts);
  say_what_fits_no_python(targets, facts);
  if (runs_modules(options)) {
    unpacked.unpack_for_run(targets, facts);
    probe_binaries(options, unpacked, ahead ? &*ahead : nullptr, facts, progress);
  }
  unpacked.hide_in(facts);
  progress.clear();
  return collected;
}

}  // namespace isoaudit::cli
