#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

/// Work on bytes that nobody vouches for, in processes that may be lost: a crash, an endless loop or a giant allocation
/// costs the job that caused it and no other.
namespace isoaudit::analyzer {

/// What became of one job.
struct JobResult {
  /// What `work` returned.
  std::string bytes{};
  /// Why there is none, to be put after the name of who did the work: "crashed (SIGSEGV)", "took longer than 60 s",
  /// "wanted more memory than 512 MB". Empty when `bytes` counts.
  std::string failure{};
};

struct Jobs {
  std::size_t count = 0;
  /// Runs in a child process, once for each number below `count`. It sees this process's memory as it was when the
  /// children were made; what it changes there nobody else sees. Its stdout and stderr lead nowhere.
  std::function<std::string(std::size_t)> work{};
  /// Runs in this process, once for each job, in whatever order they end.
  std::function<void(std::size_t, JobResult)> done{};
  /// Runs in this process when a job is handed out. May be empty.
  std::function<void(std::size_t)> started{};
  /// Processes at once; 0: one for each core.
  unsigned workers = 0;
  /// Wall clock for one job.
  double seconds = 60;
  /// Bytes that one job may take beyond what this process has; asked in the child. Empty: 512 MB.
  std::function<std::uint64_t(std::size_t)> memory{};
};

/// Does all jobs; returns when `done` has had each. Jobs begin in the order of their numbers. The calling process must
/// have no other threads, and no reason to wait for children that it does not know. When it dies, so do the children.
/// Exceptions of `done` and `started` pass through; one of `work` is that job's failure.
void run_jobs(const Jobs& jobs);

}  // namespace isoaudit::analyzer
