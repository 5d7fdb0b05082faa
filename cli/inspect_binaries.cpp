#include "cli/inspect_binaries.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "analyzer/archive/read_archive.h"
#include "analyzer/binary/collect_binary.h"
#include "analyzer/image/mapped_file.h"
#include "analyzer/records/binary_record.h"
#include "analyzer/workers/run_jobs.h"
#include "cli/host_machine.h"
#include "rules/declarations.h"

namespace isoaudit::cli {
namespace {

using analyzer::BinaryResult;
using analyzer::BinaryTarget;
using model::BinaryFacts;
using model::Facts;
using model::Gap;

/// Wall clock for one file, or for the members of an archive that are read together.
constexpr double longest_job = 120;
constexpr std::uint64_t job_memory = std::uint64_t{512} << 20;
/// Packed bytes of a wheel from which on it is worth opening twice, so that every core has some of it.
constexpr std::uint64_t worth_sharing = std::uint64_t{2} << 20;

/// A file, or members of one archive that are read in one pass.
struct Job {
  std::vector<std::size_t> targets{};
  /// Of the file, or of the whole archive as it is packed.
  std::uint64_t bytes = 0;
};

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

class Inspection {
 public:
  Inspection(const Options& options, const analyzer::Targets& targets, Progress& progress, const ReadBinary& read)
      : options_(options),
        targets_(targets.binaries),
        progress_(progress),
        read_(read),
        results_(targets.binaries.size()) {}

  void run() {
    do_jobs(first_jobs());
    // What was lost together with others gets a process of its own: only the file that is at fault stays lost.
    do_jobs(std::exchange(again_, {}));
  }

  /// Where the time for machine code went. Clocks are talk: never in what is compared.
  void tell_times() const {
    progress_.clear();
    for (const BinaryResult& result : results_) {
      if (!result.facts || !result.facts->code.read) continue;
      const model::CodeFacts& code = result.facts->code;
      const auto milliseconds = [](std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; };
      const double all = milliseconds(code.time.decoding + code.time.propagation + code.time.call_graph);
      const double megabytes = static_cast<double>(code.text) / 1e6;
      const std::string lines = code.time.debug_lines == 0
                                    ? ""
                                    : fmt::format("; debug information {:.1f} ms", milliseconds(code.time.debug_lines));
      fmt::print(
          stderr,
          "{}: {:.2f} MB of code in {:.1f} ms, {:.0f} MB/s: decoding {:.1f} ms, propagation {:.1f} ms, call graph "
          "{:.1f} ms{}\n",
          result.facts->module, megabytes, all, all == 0 ? 0 : megabytes / all * 1e3, milliseconds(code.time.decoding),
          milliseconds(code.time.propagation), milliseconds(code.time.call_graph), lines);
    }
  }

  void give(Facts& facts) {
    facts.gaps.insert(facts.gaps.end(), archive_gaps_.begin(), archive_gaps_.end());
    for (std::size_t i = 0; i < results_.size(); ++i) {
      BinaryResult& result = results_[i];
      if (result.facts) set_columns(targets_[i], facts.pythons, *result.facts);
      for (BinaryFacts& slice : result.other_slices) set_columns(targets_[i], facts.pythons, slice);
      if (result.facts) facts.binaries.push_back(std::move(*result.facts));
      std::ranges::move(result.other_slices, std::back_inserter(facts.binaries));
      std::ranges::move(result.gaps, std::back_inserter(facts.gaps));
    }
  }

 private:
  std::vector<Job> first_jobs() const {
    std::vector<Job> jobs;
    std::map<std::string, std::vector<std::size_t>> archives;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (targets_[i].archive.empty()) {
        jobs.push_back({{i}, size_of(targets_[i].path)});
      } else {
        archives[targets_[i].archive].push_back(i);
      }
    }
    for (const auto& [archive, members] : archives) {
      const std::uint64_t bytes = size_of(archive);
      const std::size_t parts = bytes >= worth_sharing && analyzer::is_zip_name(archive) ? 2 : 1;
      for (std::size_t part = 0; part < parts; ++part) {
        Job job{{}, bytes};
        for (std::size_t i = part; i < members.size(); i += parts) job.targets.push_back(members[i]);
        if (!job.targets.empty()) jobs.push_back(std::move(job));
      }
    }
    // The longest first, so that no core ends up waiting for one.
    std::ranges::stable_sort(jobs, std::ranges::greater(), &Job::bytes);
    return jobs;
  }

  void do_jobs(const std::vector<Job>& jobs) {
    analyzer::run_jobs({
        .count = jobs.size(),
        .work = [&](std::size_t n) { return analyzer::to_bytes(read(jobs[n])); },
        .done = [&](std::size_t n, const analyzer::JobResult& result) { take(jobs[n], result); },
        .started = [&](std::size_t n) { progress_.show("inspect: " + targets_[jobs[n].targets.front()].module); },
        .workers = options_.jobs,
        .seconds = longest_job,
        // A member is as large as its archive says only once it is unpacked.
        .memory = [&](std::size_t n) { return job_memory + jobs[n].bytes * 4; },
    });
  }

  /// In a worker: a result for each target, in order, then one whose gaps are the archive's.
  std::vector<BinaryResult> read(const Job& job) const {
    std::vector<BinaryResult> results(job.targets.size() + 1);
    const BinaryTarget& first = targets_[job.targets.front()];
    if (first.archive.empty()) {
      results[0] = inspect(first, nullptr);
      return results;
    }
    std::map<std::string, std::size_t> places;
    std::vector<std::string> wanted;
    for (std::size_t i = 0; i < job.targets.size(); ++i) {
      places[targets_[job.targets[i]].member] = i;
      wanted.push_back(targets_[job.targets[i]].member);
    }
    const auto member = [&](const std::string& name, std::string bytes) {
      const std::size_t i = places.at(name);
      results[i] = inspect(targets_[job.targets[i]], analyzer::hold_bytes(std::move(bytes)));
    };
    results.back().gaps = analyzer::read_members(first.archive, wanted, member, options_.archive_limits);
    return results;
  }

  BinaryResult inspect(const BinaryTarget& target, std::shared_ptr<const analyzer::MappedFile> held) const {
    BinaryResult result = read_({target.path, target.module, target.import_root, std::move(held),
                                 [&](const BinaryFacts& facts) { return reads_code_of(facts); }});
    if (result.facts) {
      place(target, *result.facts);
      for (BinaryFacts& slice : result.other_slices) place(target, slice);
    }
    // A shared library beside the modules of a folder is nothing to complain of; one that was named by itself is.
    if (result.not_an_extension && !target.named) result.gaps.clear();
    return result;
  }

  /// Several times the cost of all the rest. `isolated` needs it; of other modules it tells what keeps them from
  /// declaring support, which a probe is not asked for.
  bool reads_code_of(const BinaryFacts& facts) const {
    switch (options_.command) {
      case Command::audit: return !options_.no_code;
      case Command::probe: return !options_.no_code && rules::declares_own_gil(facts);
      case Command::inspect: return options_.read_code;
      case Command::scan:
      case Command::explain: break;
    }
    return false;
  }

  void place(const BinaryTarget& target, BinaryFacts& facts) const {
    if (options_.no_code) facts.code.why_not = "--no-code";
    facts.named = target.named;
    facts.abi_tag = target.abi_tag;
  }

  void set_columns(const BinaryTarget& target, const std::vector<model::Interpreter>& pythons,
                   BinaryFacts& facts) const {
    const bool runs_here = facts.format == model::BinaryFormat::elf && facts.arch == machine_;
    for (const model::Interpreter& python : pythons) {
      // A column without an interpreter stands for its version on every platform.
      if ((runs_here || python.executable.empty()) && analyzer::importable_by(target, python)) {
        facts.importable_by.push_back(python.id);
      }
    }
  }

  void take(const Job& job, const analyzer::JobResult& result) {
    std::string failure = result.failure;
    if (failure.empty()) {
      analyzer::BinaryRecord record = analyzer::binary_record(result.bytes);
      if (record.error.empty() && record.results.size() == job.targets.size() + 1) {
        for (std::size_t i = 0; i < job.targets.size(); ++i) results_[job.targets[i]] = std::move(record.results[i]);
        archive_gaps_.insert(record.results.back().gaps.begin(), record.results.back().gaps.end());
        return;
      }
      failure = "gave an answer that cannot be read";
    }
    for (const std::size_t target : job.targets) {
      if (job.targets.size() > 1) {
        again_.push_back({{target}, job.bytes});
      } else {
        results_[target].gaps = {{targets_[target].path, fmt::format("cannot be read: the reader {}", failure)}};
      }
    }
  }

  const Options& options_;
  const std::vector<BinaryTarget>& targets_;
  Progress& progress_;
  const ReadBinary& read_;
  const std::string machine_ = host_machine();
  std::vector<BinaryResult> results_;
  /// Parts of one archive say the same of it.
  std::set<Gap> archive_gaps_{};
  std::vector<Job> again_{};
};

}  // namespace

void inspect_binaries(const Options& options, const analyzer::Targets& targets, Facts& facts, Progress& progress,
                      const ReadBinary& read, const std::function<void()>& find_columns) {
  Inspection inspection(options, targets, progress, read);
  inspection.run();
  if (find_columns) find_columns();
  if (options.verbose) inspection.tell_times();
  inspection.give(facts);
}

}  // namespace isoaudit::cli
