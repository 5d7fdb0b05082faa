#include "analyzer/workers/run_jobs.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "analyzer/workers/child.h"

namespace isoaudit::analyzer {
namespace {

using Clock = std::chrono::steady_clock;

struct Worker {
  Child child{};
  std::optional<std::size_t> job{};
  Clock::time_point deadline{};
  /// What has come of the answer.
  std::string answer{};
};

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", seconds);
  return text;
}

class Pool {
 public:
  explicit Pool(const Jobs& jobs) : jobs_(jobs) {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    workers_.resize(std::min<std::size_t>(jobs.workers == 0 ? cores : jobs.workers, jobs.count));
  }

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  ~Pool() {
    for (Worker& worker : workers_) {
      // One that still works will never be asked again.
      if (worker.job && worker.child.pid > 0) kill(worker.child.pid, SIGKILL);
      end(worker);
    }
  }

  void run() {
    for (Worker& worker : workers_) hand_out(worker);
    while (done_ < jobs_.count) wait();
  }

 private:
  void hand_out(Worker& worker) {
    while (next_ < jobs_.count) {
      if (worker.child.pid < 0) worker.child = start_child(jobs_, sockets());
      const std::size_t job = next_++;
      if (worker.child.pid < 0) {
        finish(job, {{}, "could not be started: " + worker.child.error});
        continue;
      }
      if (jobs_.started) jobs_.started(job);
      worker.job = job;
      worker.answer.clear();
      worker.deadline =
          Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(jobs_.seconds));
      // A child that is gone by now shows as the end of its socket.
      const std::uint64_t number = job;
      [[maybe_unused]] const ssize_t sent = send(worker.child.socket, &number, sizeof number, MSG_NOSIGNAL);
      return;
    }
  }

  void wait() {
    std::vector<pollfd> polled;
    std::vector<Worker*> busy;
    Clock::time_point first = Clock::time_point::max();
    for (Worker& worker : workers_) {
      if (!worker.job) continue;
      polled.push_back({worker.child.socket, POLLIN, 0});
      busy.push_back(&worker);
      first = std::min(first, worker.deadline);
    }
    const Clock::time_point asked = Clock::now();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - asked).count();
    const int ready = poll(polled.data(), polled.size(), static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
    // Everything was stopped for a while (Ctrl-Z, a machine asleep): that is nobody's delay.
    const Clock::duration late = Clock::now() - std::max(asked, std::min(first, asked + std::chrono::seconds(60)));
    if (late > std::chrono::seconds(2)) {
      for (Worker* worker : busy) worker->deadline += late + std::chrono::seconds(1);
    }
    for (std::size_t i = 0; i < busy.size(); ++i) {
      if (ready > 0 && polled[i].revents != 0) receive(*busy[i]);
    }
    const Clock::time_point now = Clock::now();
    for (Worker* worker : busy) {
      if (worker->job && worker->deadline <= now) give_up(*worker);
    }
  }

  void receive(Worker& worker) {
    char buffer[1 << 16];
    while (true) {
      const ssize_t got = read(worker.child.socket, buffer, sizeof buffer);
      if (got > 0) {
        worker.answer.append(buffer, static_cast<std::size_t>(got));
        if (take_answer(worker)) return;
        continue;
      }
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      break;
    }
    const std::size_t job = *std::exchange(worker.job, std::nullopt);
    // It closes its socket as it dies; one that only closed it must not be waited for.
    kill(worker.child.pid, SIGKILL);
    finish(job, {{}, ending_text(end(worker), jobs_, job)});
    hand_out(worker);
  }

  /// The answer is whole: the job is done and the worker has its next one.
  bool take_answer(Worker& worker) {
    ReplyHead head;
    if (worker.answer.size() < sizeof head) return false;
    std::memcpy(&head, worker.answer.data(), sizeof head);
    if (worker.answer.size() - sizeof head < head.size) return false;
    const std::size_t job = *std::exchange(worker.job, std::nullopt);
    std::string bytes = worker.answer.substr(sizeof head, head.size);
    // The child works on while this process looks at what it brought.
    hand_out(worker);
    finish(job, head.failed != 0 ? JobResult{{}, std::move(bytes)} : JobResult{std::move(bytes), {}});
    return true;
  }

  void give_up(Worker& worker) {
    const std::size_t job = *std::exchange(worker.job, std::nullopt);
    kill(worker.child.pid, SIGKILL);
    end(worker);
    finish(job, {{}, "took longer than " + seconds_text(jobs_.seconds)});
    hand_out(worker);
  }

  /// Waits for the child's end, which closing its socket brings about; returns its wait status.
  static int end(Worker& worker) {
    int status = 0;
    if (worker.child.pid > 0) {
      close(worker.child.socket);
      while (waitpid(worker.child.pid, &status, 0) < 0 && errno == EINTR) {
      }
    }
    worker.child = {};
    return status;
  }

  void finish(std::size_t job, JobResult result) {
    ++done_;
    jobs_.done(job, std::move(result));
  }

  std::vector<int> sockets() const {
    std::vector<int> open;
    for (const Worker& worker : workers_) {
      if (worker.child.pid > 0) open.push_back(worker.child.socket);
    }
    return open;
  }

  const Jobs& jobs_;
  std::vector<Worker> workers_{};
  std::size_t next_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

void run_jobs(const Jobs& jobs) { Pool(jobs).run(); }

}  // namespace isoaudit::analyzer
