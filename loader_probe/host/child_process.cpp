#include "loader_probe/host/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <utility>

#include "loader_probe/host/sandbox.h"

namespace isoaudit::loader_probe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kEventDescriptor = 3;
constexpr int kConfigurationDescriptor = 4;
constexpr std::size_t kTextCap = std::size_t{32} * 1024;
constexpr std::size_t kEventCap = std::size_t{64} << 20;

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  int get() const { return number_; }
  void reset() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

struct Pipe {
  Descriptor read{};
  Descriptor write{};
};

// Above the numbers that the child gets, so that dup2 there can never close an end that is still needed.
constexpr int kFirstOwnDescriptor = 10;

bool open_pipe(Pipe& ends) {
  std::array<int, 2> raw{};
  if (pipe2(raw.data(), O_CLOEXEC) != 0) return false;
  Descriptor low_read(raw[0]);
  Descriptor low_write(raw[1]);
  ends.read = Descriptor(fcntl(raw[0], F_DUPFD_CLOEXEC, kFirstOwnDescriptor));
  ends.write = Descriptor(fcntl(raw[1], F_DUPFD_CLOEXEC, kFirstOwnDescriptor));
  return ends.read.get() >= 0 && ends.write.get() >= 0;
}

/// The head and the tail of a stream of any length.
class CappedText {
 public:
  void add(const char* data, std::size_t size) {
    const std::size_t head = std::min(size, kTextCap - head_.size());
    head_.append(data, head);
    tail_.append(data + head, size - head);
    if (tail_.size() > 2 * kTextCap) {
      tail_.erase(0, tail_.size() - kTextCap);
      cut_ = true;
    }
  }
  std::string take() { return cut_ ? head_ + "\n[...]\n" + tail_ : head_ + tail_; }

 private:
  std::string head_{};
  std::string tail_{};
  bool cut_ = false;
};

/// A private folder that is gone with its contents at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code error;
    path_ = (std::filesystem::temp_directory_path(error) / "isoaudit-probe-XXXXXX").string();
    if (!mkdtemp(path_.data())) path_.clear();
  }
  ~ScratchFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

void limit(int resource, rlim_t value) {
  const rlimit both{value, value};
  setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

struct ChildEnds {
  int output;
  int errors;
  int events;
  int configuration;
  int failure;
};

// Between fork and exec in a process that has threads: only calls that are safe in a signal handler.
[[noreturn]] void become(const char* executable, char* const* arguments, char* const* environment, const char* folder,
                         const ChildEnds& ends, const Limits& limits) {
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // The same addresses in each run: a stale pointer then meets the same fate. Where the kernel forbids it, luck stays.
  personality(ADDR_NO_RANDOMIZE);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(ends.output, STDOUT_FILENO);
  dup2(ends.errors, STDERR_FILENO);
  dup2(ends.events, kEventDescriptor);
  dup2(ends.configuration, kConfigurationDescriptor);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_AS, limits.address_space);
  limit(RLIMIT_FSIZE, limits.file_size);
  limit(RLIMIT_NOFILE, limits.open_files);
  limit(RLIMIT_NPROC, limits.processes);
  // The wall clock is the first guard; this one ends what escapes it.
  limit(RLIMIT_CPU, static_cast<rlim_t>(std::ceil(limits.seconds)) * 8 + 8);
  if (chdir(folder) == 0) execve(executable, arguments, environment);
  const int reason = errno;
  const ssize_t told = write(ends.failure, &reason, sizeof reason);
  _exit(told == sizeof reason ? 127 : 126);
}

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Reads what is there; false at the end of the stream.
template <typename Sink>
bool drain(int descriptor, Sink&& sink) {
  static thread_local std::array<char, 65536> buffer;
  const ssize_t got = read(descriptor, buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  sink(buffer.data(), static_cast<std::size_t>(got));
  return true;
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

ChildResult run_child(const ChildRequest& request) {
  ChildResult result;
  const auto start = Clock::now();
  const auto fail = [&](const std::string& what) {
    result.start_error = what + ": " + std::strerror(errno);
    return result;
  };
  Pipe output;
  Pipe errors;
  Pipe events;
  Pipe configuration;
  Pipe failure;
  for (Pipe* ends : {&output, &errors, &events, &configuration, &failure}) {
    if (!open_pipe(*ends)) return fail("pipe");
  }
  const ScratchFolder folder;
  if (folder.path().empty()) return fail("temporary folder");
  // Never blocks: a configuration that a pipe cannot hold is an error, not a hang.
  fcntl(configuration.write.get(), F_SETFL, O_NONBLOCK);
  const std::string& orders = request.configuration;
  if (write(configuration.write.get(), orders.data(), orders.size()) != static_cast<ssize_t>(orders.size())) {
    return fail("configuration");
  }
  configuration.write.reset();

  const bool sandboxed = !request.sandbox.empty();
  const std::string program = sandboxed ? request.sandbox : request.executable;
  std::vector<std::string> words = {program};
  if (sandboxed) {
    const std::vector<std::string> before = sandbox_arguments(folder.path());
    words.insert(words.end(), before.begin(), before.end());
    words.push_back(request.executable);
  }
  words.insert(words.end(), request.arguments.begin(), request.arguments.end());
  std::vector<std::string> settings = request.environment;
  for (const char* name : {"HOME=", "TMPDIR="}) {
    const auto named = [&](const std::string& setting) { return setting.starts_with(name); };
    if (std::none_of(settings.begin(), settings.end(), named)) settings.push_back(name + folder.path());
  }
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> environment = pointers(settings);
  const ChildEnds ends{output.write.get(), errors.write.get(), events.write.get(), configuration.read.get(),
                       failure.write.get()};
  const pid_t child = fork();
  if (child < 0) return fail("fork");
  if (child == 0) {
    become(program.c_str(), arguments.data(), environment.data(), folder.path().c_str(), ends, request.limits);
  }
  for (Pipe* pipe : {&output, &errors, &events, &failure}) pipe->write.reset();
  configuration.read.reset();
  int reason = 0;
  if (read(failure.read.get(), &reason, sizeof reason) == sizeof reason) {
    waitpid(child, &result.wait_status, 0);
    errno = reason;
    return fail(program);
  }

  CappedText printed;
  CappedText complained;
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  std::array<pollfd, 4> watched = {{{output.read.get(), POLLIN, 0},
                                    {errors.read.get(), POLLIN, 0},
                                    {events.read.get(), POLLIN, 0},
                                    {process.get(), POLLIN, 0}}};
  for (int i = 0; i < 3; ++i) fcntl(watched[i].fd, F_SETFL, O_NONBLOCK);
  const auto take_all = [&](bool& any) {
    const auto take = [&](pollfd& from, auto&& sink) {
      if (from.fd < 0 || !(from.revents & (POLLIN | POLLHUP | POLLERR))) return;
      any = true;
      if (!drain(from.fd, sink)) from.fd = -1;
    };
    take(watched[0], [&](const char* data, std::size_t size) { printed.add(data, size); });
    take(watched[1], [&](const char* data, std::size_t size) { complained.add(data, size); });
    take(watched[2], [&](const char* data, std::size_t size) {
      if (result.events.size() + size > kEventCap) {
        result.events_over_cap = true;
      } else {
        result.events.append(data, size);
      }
    });
  };
  bool ended = false;
  while (!ended) {
    const double left = request.limits.seconds - since(start);
    if (left <= 0) {
      result.timed_out = true;
      break;
    }
    // Where the kernel knows no pidfd, the end is looked for every few milliseconds.
    const double wait = process.get() >= 0 ? left : std::min(left, 0.005);
    poll(watched.data(), watched.size(), static_cast<int>(std::ceil(wait * 1000)));
    bool any = false;
    take_all(any);
    siginfo_t info{};
    ended = waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child;
  }
  // Before the child is reaped: its number, which names the group, cannot have been given to another process yet.
  kill(-child, SIGKILL);
  if (!ended) kill(child, SIGKILL);
  waitpid(child, &result.wait_status, 0);
  if (sandboxed && ended) result.wait_status = status_behind_sandbox(result.wait_status);
  // What is still in the pipes. A process that left the group may hold them open and go on writing: take what is there,
  // wait for nothing, and stop at twice what the pipes can hold.
  bool any = true;
  for (int turn = 0; any && turn < 64; ++turn) {
    any = false;
    for (int i = 0; i < 3; ++i) watched[i].revents = 0;
    if (poll(watched.data(), 3, 0) <= 0) break;
    take_all(any);
  }
  result.output = printed.take();
  result.errors = complained.take();
  result.seconds = since(start);
  return result;
}

}  // namespace isoaudit::loader_probe
