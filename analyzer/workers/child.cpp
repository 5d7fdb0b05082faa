#include "analyzer/workers/child.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>

namespace isoaudit::analyzer {
namespace {

/// How a child says that an allocation failed: code between here and there may not survive an exception.
constexpr int out_of_memory = 77;
constexpr std::uint64_t usual_memory = std::uint64_t{512} << 20;

// A sanitizer reserves terabytes of addresses and has limits of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool limits_memory = false;
#else
constexpr bool limits_memory = true;
#endif

std::uint64_t memory_of(const Jobs& jobs, std::size_t job) { return jobs.memory ? jobs.memory(job) : usual_memory; }

/// Bytes of addresses that this process has now.
std::uint64_t address_space() {
  std::uint64_t pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    unsigned long long number = 0;
    if (std::fscanf(file, "%llu", &number) == 1) pages = number;
    std::fclose(file);
  }
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

bool read_all(int socket, void* into, std::size_t size) {
  auto* next = static_cast<char*>(into);
  while (size > 0) {
    const ssize_t got = read(socket, next, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    next += got, size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_all(int socket, const void* from, std::size_t size) {
  const auto* next = static_cast<const char*>(from);
  while (size > 0) {
    const ssize_t put = send(socket, next, size, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    next += put, size -= static_cast<std::size_t>(put);
  }
  return true;
}

/// Nothing of a job may reach the user's terminal or report.
void silence() {
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) dup2(nowhere, stream);
  // A sanitizer's report is what its user waits for.
  if (limits_memory) dup2(nowhere, STDERR_FILENO);
  if (nowhere > STDERR_FILENO) close(nowhere);
}

[[noreturn]] void serve(const Jobs& jobs, int socket) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) {
    signal(number, SIG_DFL);
  }
  silence();
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  // What the parent wants done at its end is not for a job that calls exit() to do.
  on_exit([](int status, void*) { _exit(status); }, nullptr);
  std::set_new_handler([] { _exit(out_of_memory); });
  // What one file took the next one takes again: giving it back in between costs more than keeping it.
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  const std::uint64_t before = address_space();
  std::uint64_t job = 0;
  while (read_all(socket, &job, sizeof job)) {
    const rlimit limit{before + memory_of(jobs, job), RLIM_INFINITY};
    if (limits_memory && before != 0) setrlimit(RLIMIT_AS, &limit);
    std::string bytes;
    ReplyHead head;
    try {
      bytes = jobs.work(job);
    } catch (const std::exception& error) {
      bytes = std::string("failed: ") + error.what();
      head.failed = 1;
    } catch (...) {
      bytes = "failed";
      head.failed = 1;
    }
    head.size = bytes.size();
    if (!write_all(socket, &head, sizeof head) || !write_all(socket, bytes.data(), bytes.size())) break;
  }
  // Not exit(): what this process has still to flush or to clean up is its parent's.
  _exit(0);
}

std::string amount(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MB"; }

}  // namespace

Child start_child(const Jobs& jobs, std::span<const int> not_its_own) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return {.error = std::string("no socket: ") + strerror(errno)};
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    for (const int socket : not_its_own) close(socket);
    close(ends[0]);
    serve(jobs, ends[1]);
  }
  const int error = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return {.error = std::string("no process: ") + strerror(error)};
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {pid, ends[0], {}};
}

std::string ending_text(int wait_status, const Jobs& jobs, std::size_t job) {
  if (WIFSIGNALED(wait_status)) {
    const char* name = sigabbrev_np(WTERMSIG(wait_status));
    return "crashed (" +
           (name == nullptr ? "signal " + std::to_string(WTERMSIG(wait_status)) : std::string("SIG") + name) + ")";
  }
  if (WEXITSTATUS(wait_status) == out_of_memory) return "wanted more memory than " + amount(memory_of(jobs, job));
  return "ended by itself (status " + std::to_string(WEXITSTATUS(wait_status)) + ")";
}

}  // namespace isoaudit::analyzer
