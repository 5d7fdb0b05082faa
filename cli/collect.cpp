#include "cli/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "analyzer/binary/collect_binary.h"
#include "analyzer/code/collect_code.h"
#include "analyzer/source/collect_source.h"
#include "analyzer/targets/find_targets.h"
#include "cli/host_machine.h"
#include "cli/parallel.h"
#include "loader_probe/host/interpreters.h"
#include "loader_probe/host/probe.h"
#include "rules/declarations.h"

namespace isoaudit::cli {
namespace {

using model::BinaryFacts;
using model::Facts;
using model::Gap;

bool reads_sources(Command command) { return command == Command::audit || command == Command::scan; }
bool reads_binaries(Command command) { return command != Command::scan; }

void find_interpreters(const Options& options, Facts& facts) {
  std::vector<loader_probe::InterpreterResult> results;
  for (const std::string& wanted : options.pythons) results.push_back(loader_probe::find_interpreter(wanted));
  // Without --python: the newest on the machine. Reading alone does not need one.
  const bool runs = options.run_probe && (options.command == Command::audit || options.command == Command::probe);
  if (options.pythons.empty()) {
    results.push_back(loader_probe::find_default_interpreter());
    if (!runs && !results.back().interpreter) results.pop_back();
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& [interpreter, error] = results[i];
    if (!interpreter) {
      facts.gaps.push_back({i < options.pythons.size() ? "--python " + options.pythons[i] : "--python", error});
    } else if (std::ranges::find(facts.pythons, interpreter->id, &model::Interpreter::id) == facts.pythons.end()) {
      facts.pythons.push_back(*interpreter);
    }
  }
}

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

bool declares_own_gil(const BinaryFacts& binary) {
  const auto rows = rules::default_entry(binary);
  return std::ranges::any_of(rows, [](const auto* row) { return rules::declares_own_gil(row->entry); });
}

void inspect_binaries(const Options& options, const analyzer::Targets& targets, Facts& facts, Progress& progress) {
  struct Slot {
    std::optional<BinaryFacts> facts{};
    std::vector<Gap> gaps{};
  };
  std::vector<Slot> slots(targets.binaries.size());
  const std::string machine = host_machine();
  parallel(slots.size(), options.jobs, [&](std::size_t i) {
    const analyzer::BinaryTarget& target = targets.binaries[i];
    progress.show("inspect: " + target.module);
    analyzer::BinaryResult result = analyzer::collect_binary({target.path, target.module, target.import_root});
    const bool named = std::ranges::find(options.targets, target.path) != options.targets.end();
    if (result.facts) {
      result.facts->named = named;
      result.facts->abi_tag = target.abi_tag;
      const bool runs_here = result.facts->format == model::BinaryFormat::elf && result.facts->arch == machine;
      for (const model::Interpreter& python : facts.pythons) {
        if (runs_here && analyzer::importable_by(target, python)) result.facts->importable_by.push_back(python.id);
      }
      if (declares_own_gil(*result.facts)) result.facts->code = analyzer::collect_code(target.path);
      slots[i].facts = std::move(result.facts);
    }
    // A shared library beside the modules of a folder is nothing to complain of; one that was named by itself is.
    if (!result.not_an_extension || named) slots[i].gaps = std::move(result.gaps);
  });
  for (Slot& slot : slots) {
    if (slot.facts) facts.binaries.push_back(std::move(*slot.facts));
    facts.gaps.insert(facts.gaps.end(), slot.gaps.begin(), slot.gaps.end());
  }
}

void probe_binaries(const Options& options, Facts& facts, Progress& progress) {
  struct Job {
    const BinaryFacts* binary;
    const model::Interpreter* python;
  };
  std::vector<Job> jobs;
  for (const BinaryFacts& binary : facts.binaries) {
    for (const model::Interpreter& python : facts.pythons) {
      if (std::ranges::find(binary.importable_by, python.id) != binary.importable_by.end()) {
        jobs.push_back({&binary, &python});
      }
    }
  }
  std::vector<loader_probe::ProbeResult> results(jobs.size());
  parallel(jobs.size(), options.jobs, [&](std::size_t i) {
    const auto& [binary, python] = jobs[i];
    loader_probe::ProbeOptions probe;
    probe.interpreters = options.interpreters;
    probe.rounds = options.rounds;
    probe.timeout = options.timeout;
    probe.progress = [&, id = python->id](const std::string& module, const std::string& level) {
      progress.show(fmt::format("probe: {} under {} ({})", module, id, level));
    };
    results[i] = loader_probe::probe({binary->module, binary->path, binary->import_root, declares_own_gil(*binary)},
                                     *python, probe);
  });
  for (loader_probe::ProbeResult& result : results) {
    facts.gaps.insert(facts.gaps.end(), result.gaps.begin(), result.gaps.end());
    facts.runs.push_back(std::move(result.run));
  }
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
