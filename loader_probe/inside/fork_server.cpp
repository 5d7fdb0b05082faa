#include "loader_probe/inside/fork_server.h"

#include <Python.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "loader_probe/inside/fork_request.h"

namespace isoaudit::inside {
namespace {

using loader_probe::ForkRequest;

/// Above the numbers that a copy gets.
constexpr int kFirstOwnDescriptor = 20;
/// Where the kernel knows no pidfd, ends are looked for so often.
constexpr int kMillisecondsWithoutPidfd = 5;

struct Copy {
  pid_t process = -1;
  int end = -1;     ///< a pidfd: readable when the process has ended
  int status = -1;  ///< the host waits there
};

using Descriptors = std::array<int, loader_probe::fork_descriptors>;

/// False when the host is gone or makes no sense.
bool receive(int control, ForkRequest& request, Descriptors& descriptors) {
  iovec bytes{&request, sizeof request};
  alignas(cmsghdr) char extra[CMSG_SPACE(sizeof descriptors)];
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = extra;
  message.msg_controllen = sizeof extra;
  ssize_t got = -1;
  do {
    got = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof request) return false;
  const cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof descriptors)) return false;
  std::memcpy(descriptors.data(), CMSG_DATA(head), sizeof descriptors);
  request.folder[sizeof request.folder - 1] = '\0';
  return true;
}

void close_all(const Descriptors& descriptors) {
  for (const int descriptor : descriptors) close(descriptor);
}

void become_child(const ForkRequest& request, const Descriptors& descriptors) {
  setsid();
  // First out of the way, so that none is closed by the number it has by chance.
  Descriptors high = descriptors;
  for (int& descriptor : high) descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstOwnDescriptor);
  close_all(descriptors);
  for (int i = 0; i < loader_probe::fork_status; ++i) dup2(high[i], i + 1);
  close_all(high);
  if (chdir(request.folder) != 0) _exit(127);
  loader_probe::apply(request.limits);
}

/// Ends what a copy has started and left behind, even in groups of its own: this process has inherited it.
void kill_strangers() {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", static_cast<int>(getpid()));
  for (int turn = 0; turn < 100; ++turn) {
    std::FILE* file = std::fopen(path, "re");
    if (!file) return;
    bool any = false;
    for (int child = 0; std::fscanf(file, "%d", &child) == 1;) {  // NOLINT(cert-err34-c): the kernel writes this file
      any = true;
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    std::fclose(file);
    if (!any) return;
  }
}

class ForkServer {
 public:
  explicit ForkServer(int control) : control_(fcntl(control, F_DUPFD_CLOEXEC, kFirstOwnDescriptor)) { close(control); }

  std::string serve(const std::string& greeting) {
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (send(control_, greeting.data(), greeting.size(), MSG_NOSIGNAL) < 0) end();
    for (;;) {
      std::vector<pollfd> watched = {{control_, POLLIN, 0}};
      bool all_have_pidfd = true;
      for (const Copy& copy : copies_) {
        watched.push_back({copy.end, POLLIN, 0});
        watched.push_back({copy.status, POLLIN, 0});
        all_have_pidfd = all_have_pidfd && copy.end >= 0;
      }
      poll(watched.data(), watched.size(), all_have_pidfd ? -1 : kMillisecondsWithoutPidfd);
      for (std::size_t i = copies_.size(); i-- > 0;) {
        const bool given_up = watched[2 + 2 * i].revents != 0;
        if (given_up) kill_all_of(copies_[i]);
        if (given_up || has_ended(copies_[i])) bury(i);
      }
      if (copies_.empty()) kill_strangers();
      if (watched[0].revents == 0) continue;
      ForkRequest request;
      Descriptors descriptors{};
      if (!receive(control_, request, descriptors)) end();
      if (request.is_last) become_last(request, descriptors);
      if (request.is_last || make_copy(request, descriptors)) return request.folder;
    }
  }

 private:
  [[noreturn]] void end() {
    for (const Copy& copy : copies_) kill_all_of(copy);
    _exit(0);
  }

  static void kill_all_of(const Copy& copy) {
    kill(-copy.process, SIGKILL);
    kill(copy.process, SIGKILL);
  }

  static bool has_ended(const Copy& copy) {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(copy.process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == copy.process;
  }

  void bury(std::size_t index) {
    const Copy copy = copies_[index];
    copies_.erase(copies_.begin() + static_cast<std::ptrdiff_t>(index));
    // Before it is reaped: its number, which names the group, cannot have been given to another process yet.
    kill(-copy.process, SIGKILL);
    int status = 0;
    waitpid(copy.process, &status, 0);
    // The host may have gone away from this one.
    (void)!send(copy.status, &status, sizeof status, MSG_NOSIGNAL);
    close(copy.status);
    close(copy.end);
  }

  void become_last(const ForkRequest& request, const Descriptors& descriptors) {
    for (const Copy& copy : copies_) kill_all_of(copy);
    close(control_);
    prctl(PR_SET_CHILD_SUBREAPER, 0);  // as in a copy
    become_child(request, descriptors);
  }

  /// True in the copy.
  bool make_copy(const ForkRequest& request, const Descriptors& descriptors) {
    PyOS_BeforeFork();
    const pid_t process = fork();
    if (process == 0) {
      PyOS_AfterFork_Child();
      // It must not speak for the server, nor hold what tells the host of another one's end.
      close(control_);
      for (const Copy& other : copies_) {
        close(other.end);
        close(other.status);
      }
      become_child(request, descriptors);
      return true;
    }
    PyOS_AfterFork_Parent();
    for (int i = 0; i < loader_probe::fork_status; ++i) close(descriptors[i]);
    if (process < 0) {
      close(descriptors[loader_probe::fork_status]);
    } else {
      const int end = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
      copies_.push_back({process, end, descriptors[loader_probe::fork_status]});
    }
    return false;
  }

  int control_;
  std::vector<Copy> copies_{};
};

}  // namespace

std::string serve_forks(int control, const std::string& greeting) { return ForkServer(control).serve(greeting); }

}  // namespace isoaudit::inside
