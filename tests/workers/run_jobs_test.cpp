#include "analyzer/workers/run_jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace isoaudit::analyzer {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class RunJobs : public testing::Test {
 protected:
  /// Results by job; every job has exactly one.
  std::map<std::size_t, JobResult> run(std::size_t count, const std::function<std::string(std::size_t)>& work) {
    std::map<std::size_t, JobResult> results;
    jobs.count = count;
    jobs.work = work;
    jobs.done = [&](std::size_t job, JobResult result) { EXPECT_TRUE(results.emplace(job, std::move(result)).second); };
    run_jobs(jobs);
    EXPECT_THAT(results, SizeIs(count));
    // No child is left, neither running nor to be waited for.
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    return results;
  }

  Jobs jobs{.workers = 2, .seconds = 60};
};

std::string answer(std::size_t job) { return "answer " + std::to_string(job); }

/// The stack's end, by a way that no compiler takes away.
int descend(int depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  return depth == 0 ? room[0] : descend(depth - 1) + room[0];
}

TEST_F(RunJobs, EachJobIsDoneOnceInAnotherProcess) {
  const std::string parent = std::to_string(getpid());
  std::set<std::string> processes;
  for (const auto& [job, result] : run(200, [](std::size_t) { return std::to_string(getpid()); })) {
    EXPECT_EQ(result.failure, "");
    processes.insert(result.bytes);
  }
  EXPECT_FALSE(processes.contains(parent));
  EXPECT_LE(processes.size(), 2u);
}

TEST_F(RunJobs, NothingToDo) { EXPECT_THAT(run(0, answer), IsEmpty()); }

TEST_F(RunJobs, AnswersOfAnySize) {
  const auto work = [](std::size_t job) { return std::string(job * job * 100'000, static_cast<char>('a' + job)); };
  for (const auto& [job, result] : run(8, work)) EXPECT_EQ(result.bytes, work(job)) << job;
}

TEST_F(RunJobs, ACrashLosesItsOwnJobAlone) {
  const auto results = run(40, [](std::size_t job) {
    if (job == 3) raise(SIGSEGV);
    if (job == 4) abort();
    if (job == 5) descend(1 << 30);
    if (job == 6) _exit(5);
    if (job == 7) throw std::runtime_error("no such thing");
    if (job == 8) throw 8;
    return answer(job);
  });
  EXPECT_EQ(results.at(3).failure, "crashed (SIGSEGV)");
  EXPECT_EQ(results.at(4).failure, "crashed (SIGABRT)");
  EXPECT_EQ(results.at(5).failure, "crashed (SIGSEGV)");
  EXPECT_EQ(results.at(6).failure, "ended by itself (status 5)");
  EXPECT_EQ(results.at(7).failure, "failed: no such thing");
  EXPECT_EQ(results.at(8).failure, "failed");
  for (const auto& [job, result] : results) {
    if (job >= 3 && job <= 8) continue;
    EXPECT_EQ(result.bytes, answer(job));
  }
}

TEST_F(RunJobs, EveryJobMayCrash) {
  for (const auto& [job, result] : run(20, [](std::size_t) -> std::string { abort(); })) {
    EXPECT_EQ(result.failure, "crashed (SIGABRT)");
  }
}

TEST_F(RunJobs, AHangEnds) {
  jobs.seconds = 0.5;
  const auto results = run(10, [](std::size_t job) {
    while (job == 2 || job == 7) sleep(1);
    return answer(job);
  });
  for (const auto& [job, result] : results) {
    EXPECT_EQ(result.failure, job == 2 || job == 7 ? "took longer than 0.5 s" : "") << job;
  }
}

TEST_F(RunJobs, AChildThatHidesIsFound) {
  jobs.seconds = 30;
  const auto results = run(3, [](std::size_t job) {
    // Closes what leads to the parent and goes on.
    if (job == 1) {
      for (int number = 3; number < 64; ++number) close(number);
      while (true) sleep(1);
    }
    return answer(job);
  });
  EXPECT_THAT(results.at(1).failure, StartsWith("crashed"));
  EXPECT_EQ(results.at(2).bytes, answer(2));
}

// A sanitizer has its own ideas of memory.
#if !defined(__SANITIZE_ADDRESS__)
TEST_F(RunJobs, AGiantAllocationEnds) {
  jobs.memory = [](std::size_t) { return std::uint64_t{64} << 20; };
  const auto results = run(6, [](std::size_t job) {
    std::vector<std::string> hoard;
    while (job == 1) hoard.emplace_back(1 << 20, 'x');
    // As code that looks away would.
    if (job == 2) try {
        hoard.emplace_back(std::size_t{1} << 33, 'x');
      } catch (...) {
      }
    if (job == 3) hoard.emplace_back(std::size_t{40} << 20, 'x');
    return answer(job);
  });
  for (const auto& [job, result] : results) {
    EXPECT_EQ(result.failure, job == 1 || job == 2 ? "wanted more memory than 64 MB" : "") << job;
  }
}
#endif

TEST_F(RunJobs, NothingOfTheParentHappensTwice) {
  const std::string file = testing::TempDir() + "run_jobs_" + std::to_string(getpid());
  const pid_t child = fork();
  if (child == 0) {
    // A report in a buffer, and something to do at the end.
    std::FILE* report = std::fopen(file.c_str(), "w");
    std::fputs("once\n", report);
    static const std::string* at_end = nullptr;
    at_end = &file;
    std::atexit([] { std::ofstream(*at_end + ".exit", std::ios::app) << "once\n"; });
    Jobs few{.count = 4, .work = answer, .done = [](std::size_t, JobResult) {}, .workers = 2};
    few.work = [](std::size_t job) -> std::string {
      if (job == 1) abort();
      if (job == 2) exit(0);
      return answer(job);
    };
    run_jobs(few);
    std::fclose(report);
    exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const auto read = [](const std::string& path) {
    std::ifstream stream(path);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  EXPECT_EQ(read(file), "once\n");
  std::filesystem::remove(file);
  EXPECT_EQ(read(file + ".exit"), "once\n");
  std::filesystem::remove(file + ".exit");
}

TEST_F(RunJobs, ChildrenGoWithTheirParent) {
  int report[2];
  ASSERT_EQ(pipe(report), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    Jobs endless{.count = 2, .done = [](std::size_t, JobResult) {}, .workers = 2};
    endless.work = [&](std::size_t) -> std::string {
      const pid_t self = getpid();
      if (write(report[1], &self, sizeof self) != sizeof self) abort();
      while (true) pause();
    };
    run_jobs(endless);
    _exit(0);
  }
  pid_t children[2];
  ASSERT_EQ(read(report[0], &children[0], sizeof(pid_t)), static_cast<ssize_t>(sizeof(pid_t)));
  ASSERT_EQ(read(report[0], &children[1], sizeof(pid_t)), static_cast<ssize_t>(sizeof(pid_t)));
  // As Ctrl-C does when only the parent is told.
  ASSERT_EQ(kill(parent, SIGINT), 0);
  int status = 0;
  ASSERT_EQ(waitpid(parent, &status, 0), parent);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  // The last writer is gone when the pipe ends.
  close(report[1]);
  char byte = 0;
  EXPECT_EQ(read(report[0], &byte, 1), 0);
  close(report[0]);
}

TEST_F(RunJobs, AnExceptionOfTheCallerEndsTheWork) {
  jobs.count = 4;
  jobs.work = [](std::size_t job) {
    while (job == 1) sleep(1);
    return answer(job);
  };
  jobs.done = [](std::size_t, const JobResult&) { throw std::runtime_error("enough"); };
  EXPECT_THROW(run_jobs(jobs), std::runtime_error);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(RunJobs, SaysWhatItBegins) {
  std::vector<std::size_t> begun;
  jobs.started = [&](std::size_t job) { begun.push_back(job); };
  run(5, answer);
  EXPECT_THAT(begun, testing::ElementsAre(0, 1, 2, 3, 4));
}

}  // namespace
}  // namespace isoaudit::analyzer
