#include "loader_probe/host/child_process.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "loader_probe/host/child_streams.h"
#include "loader_probe/host/descriptors.h"
#include "loader_probe/host/sandbox.h"
#include "loader_probe/host/scratch_folder.h"
#include "loader_probe/host/start_process.h"

namespace isoaudit::loader_probe {
namespace {

/// A process that kills the group of `child` when the pipe's other end is closed, by whatever happens to its parent.
/// Only calls that are safe in a signal handler: the parent may have threads.
pid_t watch_over(pid_t child, int pipe_end) {
  const pid_t watcher = fork();
  if (watcher != 0) return watcher;
  setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) signal(number, SIG_IGN);
  dup2(pipe_end, 0);
  close_range(1, ~0U, 0);
  char byte = 0;
  while (read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  kill(-child, SIGKILL);
  _exit(0);
}

}  // namespace

std::vector<std::string> inherited(std::initializer_list<const char*> names) {
  std::vector<std::string> settings;
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') settings.push_back(std::string(name) + "=" + value);
  }
  return settings;
}

void hear_out(pid_t child, double seconds, bool sandboxed, ChildStreams& streams, ChildResult& result,
              const std::function<void()>& before_reaping) {
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  const bool ended = streams.listen(process.get(), seconds, [&] {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child;
  });
  result.timed_out = !ended;
  // Before the child is reaped: its number, which names the group, cannot have been given to another process yet.
  kill(-child, SIGKILL);
  if (!ended) kill(child, SIGKILL);
  if (before_reaping) before_reaping();
  waitpid(child, &result.wait_status, 0);
  if (sandboxed && ended) result.wait_status = status_behind_sandbox(result.wait_status);
}

ChildResult run_child(const ChildRequest& request) {
  ChildResult result;
  const auto start = std::chrono::steady_clock::now();
  const auto fail = [&](const std::string& what) {
    result.start_error = what + ": " + std::strerror(errno);
    return result;
  };
  ChildStreams streams;
  if (!streams.open(request.configuration)) return fail("pipe");
  const ScratchFolder folder;
  if (folder.path().empty()) return fail("temporary folder");
  const StartedProcess started = start_process(request, folder.path(), streams.of_child());
  if (!started.error.empty()) {
    result.start_error = started.error;
    return result;
  }
  streams.close_childs();
  const pid_t child = started.process;
  Ends alive;
  pid_t watcher = -1;
  if (request.ends_with_parent && alive.open_pipe()) watcher = watch_over(child, alive.first.get());
  hear_out(child, request.limits.seconds, !request.sandbox.empty(), streams, result, [&] {
    if (watcher <= 0) return;
    kill(watcher, SIGKILL);
    waitpid(watcher, nullptr, 0);
  });
  streams.finish(result);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace isoaudit::loader_probe
