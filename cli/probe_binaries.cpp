#include "cli/probe_binaries.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "analyzer/targets/distribution_tests.h"
#include "cli/parallel.h"
#include "loader_probe/host/sandbox.h"
#include "rules/declarations.h"

namespace isoaudit::cli {
namespace {

using model::BinaryFacts;
using model::Facts;

/// The file in --exercise-dir that is named most like the module: "numpy.linalg._umath_linalg.py", "numpy.linalg.py",
/// "numpy.py"; else the one of --exercise.
std::string exercise_for(const Options& options, std::string module) {
  std::error_code error;
  while (!options.exercise_dir.empty() && !module.empty()) {
    const std::filesystem::path file = std::filesystem::path(options.exercise_dir) / (module + ".py");
    if (std::filesystem::is_regular_file(file, error)) return file.generic_string();
    const std::size_t dot = module.rfind('.');
    module.resize(dot == std::string::npos ? 0 : dot);
  }
  return options.exercise;
}

}  // namespace

loader_probe::ProbeOptions probe_options(const Options& options) {
  loader_probe::ProbeOptions probe;
  probe.interpreters = options.interpreters;
  probe.rounds = options.rounds;
  probe.timeout = options.timeout;
  probe.sandbox = options.sandbox;
  probe.debug_build = options.debug_build;
  probe.evidence = options.evidence;
  return probe;
}

void probe_binaries(const Options& options, const UnpackedArchives& unpacked, loader_probe::ServerAhead* ahead,
                    Facts& facts, Progress& progress) {
  struct Job {
    const BinaryFacts* binary;
    const model::Interpreter* python;
  };
  std::vector<Job> jobs;
  for (const BinaryFacts& binary : facts.binaries) {
    for (const model::Interpreter& python : facts.pythons) {
      if (std::ranges::find(binary.importable_by, python.id) == binary.importable_by.end()) continue;
      // One that could not be unpacked is a gap already.
      if (unpacked.is_packed(binary.path) && unpacked.place(binary.path, python.id) == nullptr) continue;
      jobs.push_back({&binary, &python});
    }
  }
  // Where the sandbox of one that was started early works, none has to be tried.
  if (!jobs.empty() && ahead != nullptr) ahead->answers();
  if (!jobs.empty() && (!options.sandbox || loader_probe::find_sandbox().program.empty())) {
    facts.notes.push_back("the modules ran without a sandbox: " +
                          (options.sandbox ? loader_probe::find_sandbox().why_not : "--no-sandbox"));
  }
  std::vector<loader_probe::ProbeResult> results(jobs.size());
  // A few modules alone: their levels run side by side, so that no core is idle.
  const unsigned at_once = options.jobs == 0 ? std::max(1U, std::thread::hardware_concurrency()) : options.jobs;
  const auto children =
      static_cast<unsigned>(std::max<std::size_t>(1, at_once / std::max<std::size_t>(1, jobs.size())));
  parallel(jobs.size(), options.jobs, [&](std::size_t i) {
    const auto& [binary, python] = jobs[i];
    loader_probe::ProbeOptions probe = probe_options(options);
    probe.children = children;
    probe.ahead = ahead;
    probe.progress = [&, id = python->id](const std::string& module, const std::string& level) {
      progress.show(fmt::format("probe: {} under {} ({})", module, id, level));
    };
    const UnpackedArchives::Place* place = unpacked.place(binary->path, python->id);
    const std::string& file = place == nullptr ? binary->path : place->file;
    const std::string& root = place == nullptr ? binary->import_root : place->import_root;
    analyzer::DistributionTests tests;
    if (options.exercise_tests) tests = analyzer::find_distribution_tests(file, root);
    results[i] = loader_probe::probe({binary->module, file, root, rules::declares_own_gil(*binary),
                                      exercise_for(options, binary->module), tests.files},
                                     *python, probe);
    if (!tests.why_none.empty()) {
      results[i].notes.push_back(fmt::format("{}: no tests were run: {}", binary->module, tests.why_none));
    }
    results[i].run.path = binary->path;
    unpacked.hide_in(results[i].run);
    unpacked.hide_in(results[i].gaps);
  });
  for (loader_probe::ProbeResult& result : results) {
    facts.gaps.insert(facts.gaps.end(), result.gaps.begin(), result.gaps.end());
    for (std::string& note : result.notes) {
      if (std::ranges::find(facts.notes, note) == facts.notes.end()) facts.notes.push_back(std::move(note));
    }
    facts.runs.push_back(std::move(result.run));
  }
}

}  // namespace isoaudit::cli
