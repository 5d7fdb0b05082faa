#include "analyzer/workers/family.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "analyzer/workers/result_board.h"

namespace isoaudit::analyzer {
namespace {

/// Runs `lead` in a process of its own, which may fork; returns its wait status.
int run(const std::function<void()>& lead) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    become_worker(parent, 20, std::size_t{2} << 30);
    lead();
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

TEST(Family, EachChildLeavesItsResult) {
  for (const unsigned at_once : {1U, 2U, 5U}) {
    const WorkPermits permits(at_once);
    ResultBoard board(50);
    ASSERT_EQ(board.error(), "");
    EXPECT_EQ(run([&] {
                Children children(permits, [](std::size_t, int) {});
                for (std::size_t job = 0; job < 50; job += 5) {
                  if (!children.fork(job)) continue;
                  // One that has children of its own, the last of which it is itself.
                  Children below(permits, [](std::size_t, int) {});
                  for (std::size_t i = job; i < job + 5; ++i) {
                    if (i + 1 < job + 5 && !below.fork(i)) continue;
                    if (i + 1 == job + 5) below.wait_for_all();
                    board.put(i, std::string(i * 1000, static_cast<char>('a' + i % 26)));
                    _exit(0);
                  }
                }
                children.wait_for_all();
              }),
              0);
    for (std::size_t job = 0; job < 50; ++job) {
      EXPECT_TRUE(board.has(job)) << job;
      EXPECT_EQ(board.get(job), std::string(job * 1000, static_cast<char>('a' + job % 26))) << job;
    }
  }
}

TEST(Family, HowAChildEndedIsTold) {
  const WorkPermits permits(2);
  ResultBoard ends(5);
  std::string too_much;
  run([&] {
    Children children(permits,
                      [&](std::size_t job, int status) { ends.put(job, loss_text(status, 20, std::size_t{2} << 30)); });
    for (std::size_t job = 0; job < 5; ++job) {
      if (!children.fork(job)) continue;
      if (job == 0) raise(SIGSEGV);
      if (job == 1) _exit(3);
      if (job == 2) too_much.resize(std::size_t{3} << 30);
      if (job == 3) {
        const rlimit one_second{1, 1};
        setrlimit(RLIMIT_CPU, &one_second);
        while (getpid() != 0) {
        }
      }
      _exit(too_much.empty() ? 0 : 1);
    }
    children.wait_for_all();
  });
  EXPECT_EQ(ends.get(0), "crashed (SIGSEGV)");
  EXPECT_EQ(ends.get(1), "ended by itself (status 3)");
  EXPECT_EQ(ends.get(2), "wanted more memory than 2048 MB");
  EXPECT_EQ(ends.get(3), "crashed (SIGKILL)") << "beyond the hard limit";
  EXPECT_EQ(ends.get(4), "ended by itself (status 0)");
  EXPECT_EQ(loss_text(SIGXCPU, 20, 0), "took longer than 20 s");
  EXPECT_EQ(loss_text(-1, 20, 0), "could not be started");
}

TEST(Family, AResultThatIsNotWholeIsNone) {
  ResultBoard board(2);
  EXPECT_FALSE(board.has(0));
  EXPECT_EQ(board.get(0), "");
  board.put(1, "");
  EXPECT_TRUE(board.has(1));
  EXPECT_FALSE(board.has(0));
}

}  // namespace
}  // namespace isoaudit::analyzer
