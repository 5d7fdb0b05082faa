#include "cli/probe_binaries.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/parallel.h"
#include "loader_probe/host/probe.h"
#include "loader_probe/host/sandbox.h"
#include "rules/declarations.h"

namespace isoaudit::cli {

using model::BinaryFacts;
using model::Facts;

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
  if (!jobs.empty() && (!options.sandbox || loader_probe::find_sandbox().program.empty())) {
    facts.notes.push_back("the modules ran without a sandbox: " +
                          (options.sandbox ? loader_probe::find_sandbox().why_not : "--no-sandbox"));
  }
  std::vector<loader_probe::ProbeResult> results(jobs.size());
  parallel(jobs.size(), options.jobs, [&](std::size_t i) {
    const auto& [binary, python] = jobs[i];
    loader_probe::ProbeOptions probe;
    probe.interpreters = options.interpreters;
    probe.rounds = options.rounds;
    probe.timeout = options.timeout;
    probe.sandbox = options.sandbox;
    probe.progress = [&, id = python->id](const std::string& module, const std::string& level) {
      progress.show(fmt::format("probe: {} under {} ({})", module, id, level));
    };
    results[i] = loader_probe::probe(
        {binary->module, binary->path, binary->import_root, rules::declares_own_gil(*binary)}, *python, probe);
  });
  for (loader_probe::ProbeResult& result : results) {
    facts.gaps.insert(facts.gaps.end(), result.gaps.begin(), result.gaps.end());
    facts.runs.push_back(std::move(result.run));
  }
}

}  // namespace isoaudit::cli
