#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

/// Work that many jobs begin in the same way: a process does the common part, then forks for each of them, and each
/// goes on from there. A crash costs the job that it happens in.
namespace isoaudit::analyzer {

/// How many processes of a family may work at once, known to all of them. One that waits for its children does not
/// count: the first of them works in its place.
class WorkPermits {
 public:
  /// 0: one for each core.
  explicit WorkPermits(unsigned at_once);
  ~WorkPermits();
  WorkPermits(const WorkPermits&) = delete;
  WorkPermits& operator=(const WorkPermits&) = delete;

  bool take_one() const;
  void give_back() const;

 private:
  int ends_[2] = {-1, -1};
};

/// The children of this process. A child that is forked has none of its own yet, whatever its parent had.
class Children {
 public:
  /// `ended` hears of each child that was waited for: what fork() was told, and the wait status; -1 when the system
  /// gave no process.
  Children(const WorkPermits& permits, std::function<void(std::size_t, int)> ended)
      : permits_(permits), ended_(std::move(ended)) {}

  /// True in the child, false here. Waits for another child first when as many work as may.
  bool fork(std::size_t job);
  void wait_for_all();

 private:
  struct Child {
    pid_t pid = -1;
    std::size_t job = 0;
    bool has_permit = false;  ///< beside this process's own
  };
  void wait_for_one();

  const WorkPermits& permits_;
  std::function<void(std::size_t, int)> ended_;
  std::vector<Child> running_{};
};

/// What a process must do first that was forked for such work: no signal handler, core file or output of its parent's,
/// its end at its parent's end, limits on the CPU time and the memory of each process from here on.
void become_worker(pid_t parent, unsigned cpu_seconds, std::size_t memory);

/// "crashed (SIGSEGV)", "took longer than 600 s", "wanted more memory than 4096 MB": how such a process was lost.
std::string loss_text(int wait_status, unsigned cpu_seconds, std::size_t memory);

}  // namespace isoaudit::analyzer
