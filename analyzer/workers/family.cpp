#include "analyzer/workers/family.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <string>
#include <thread>

namespace isoaudit::analyzer {
namespace {

/// How a process says that an allocation failed.
constexpr int out_of_memory = 77;
/// Code that a generator nested deeply. The system leaves room for 128 MB below the first stack.
constexpr rlim_t deep_stack = rlim_t{64} << 20;

// A sanitizer reserves terabytes of addresses and has limits of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

}  // namespace

WorkPermits::WorkPermits(unsigned at_once) {
  if (pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0) return;
  if (at_once == 0) at_once = std::max(1U, std::thread::hardware_concurrency());
  // The process that holds this works as well.
  for (unsigned i = 1; i < at_once; ++i) give_back();
}

WorkPermits::~WorkPermits() {
  for (const int end : ends_) {
    if (end >= 0) close(end);
  }
}

bool WorkPermits::take_one() const {
  char permit = 0;
  return read(ends_[0], &permit, 1) == 1;
}

void WorkPermits::give_back() const {
  const char permit = 'p';
  // A full pipe holds more permits than anyone asked for.
  [[maybe_unused]] const ssize_t put = write(ends_[1], &permit, 1);
}

bool Children::fork(std::size_t job) {
  bool has_permit = false;
  while (true) {
    const bool own_is_free = std::ranges::all_of(running_, &Child::has_permit);
    has_permit = !own_is_free && permits_.take_one();
    if (own_is_free || has_permit) break;
    wait_for_one();
  }
  const pid_t parent = getpid();
  pid_t pid = ::fork();
  while (pid < 0 && !running_.empty()) {
    wait_for_one();
    pid = ::fork();
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    running_.clear();
    return true;
  }
  if (pid < 0) {
    if (has_permit) permits_.give_back();
    ended_(job, -1);
    return false;
  }
  running_.push_back({pid, job, has_permit});
  return false;
}

void Children::wait_for_all() {
  while (!running_.empty()) wait_for_one();
}

void Children::wait_for_one() {
  int status = 0;
  const pid_t pid = waitpid(-1, &status, 0);
  if (pid < 0 && errno == EINTR) return;
  const auto found = std::ranges::find(running_, pid, &Child::pid);
  if (pid > 0 && found == running_.end()) return;
  // No such child any more: somebody else waited for it, so how it ended is lost.
  const Child child = pid < 0 ? running_.back() : *found;
  running_.erase(pid < 0 ? running_.end() - 1 : found);
  if (child.has_permit) permits_.give_back();
  ended_(child.job, pid < 0 ? -1 : status);
}

void become_worker(pid_t parent, unsigned cpu_seconds, std::size_t memory) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  for (const int number :
       {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGCHLD}) {
    signal(number, SIG_DFL);
  }
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere >= 0) {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) dup2(nowhere, stream);
    // A sanitizer's report is what its user waits for.
    if (!is_sanitized) dup2(nowhere, STDERR_FILENO);
    if (nowhere > STDERR_FILENO) close(nowhere);
  }
  const auto limit = [](auto resource, rlim_t wanted) {
    rlimit now{};
    if (getrlimit(resource, &now) != 0) return;
    now.rlim_cur = std::min(wanted, now.rlim_max);
    setrlimit(resource, &now);
  };
  signal(SIGXFSZ, SIG_IGN);  // a write that is too long fails
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_STACK, deep_stack);
  limit(RLIMIT_CPU, cpu_seconds);
  if (!is_sanitized) limit(RLIMIT_AS, memory);
  std::set_new_handler([] { _exit(out_of_memory); });
}

std::string loss_text(int wait_status, unsigned cpu_seconds, std::size_t memory) {
  if (wait_status == -1) return "could not be started";
  if (WIFSIGNALED(wait_status)) {
    const int number = WTERMSIG(wait_status);
    if (number == SIGXCPU) return "took longer than " + std::to_string(cpu_seconds) + " s";
    const char* name = sigabbrev_np(number);
    return "crashed (" + (name == nullptr ? "signal " + std::to_string(number) : std::string("SIG") + name) + ")";
  }
  if (WEXITSTATUS(wait_status) == out_of_memory) {
    return "wanted more memory than " + std::to_string(memory >> 20) + " MB";
  }
  return "ended by itself (status " + std::to_string(WEXITSTATUS(wait_status)) + ")";
}

}  // namespace isoaudit::analyzer
