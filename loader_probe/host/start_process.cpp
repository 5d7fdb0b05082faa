#include "loader_probe/host/start_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "loader_probe/host/descriptors.h"
#include "loader_probe/host/sandbox.h"

namespace isoaudit::loader_probe {
namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// All that the new process needs, made before.
struct Becoming {
  const char* executable;
  char* const* arguments;
  char* const* environment;
  const char* folder;
  const std::array<int, 4>& descriptors;
  int failure;
  const Limits& limits;
};

// Between fork and exec in a process that has threads: only calls that are safe in a signal handler. The memory is
// still the parent's.
[[noreturn]] void become(const Becoming& what) {
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // The same addresses in each run: a stale pointer then meets the same fate. Where the kernel forbids it, luck stays.
  personality(ADDR_NO_RANDOMIZE);
  const int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  for (int i = 0; i < 4; ++i) {
    if (what.descriptors[i] >= 0) {
      dup2(what.descriptors[i], i + 1);
    } else if (i + 1 <= STDERR_FILENO) {
      dup2(null, i + 1);
    }
  }
  apply(what.limits);
  if (chdir(what.folder) == 0) execve(what.executable, what.arguments, what.environment);
  const int reason = errno;
  const ssize_t told = write(what.failure, &reason, sizeof reason);
  _exit(told == sizeof reason ? 127 : 126);
}

// A copy of a process of this size, and of each page that it writes afterwards, takes longer than all that follows. The
// thread waits for the exec in any case.
pid_t start(const Becoming& what) {
  // Until the exec the child does what a signal handler may do, and returns to nobody.
  const pid_t child = vfork();  // NOLINT(bugprone-unsafe-functions)
  if (child == 0) become(what);
  return child;
}

}  // namespace

StartedProcess start_process(const ChildRequest& request, const std::string& folder,
                             const std::array<int, 4>& descriptors) {
  const auto fail = [](const std::string& what) { return StartedProcess{-1, what + ": " + std::strerror(errno)}; };
  Ends failure;
  if (!failure.open_pipe()) return fail("pipe");
  const bool sandboxed = !request.sandbox.empty();
  const std::string program = sandboxed ? request.sandbox : request.executable;
  std::vector<std::string> words = {program};
  if (sandboxed) {
    const std::vector<std::string> before = sandbox_arguments(folder);
    words.insert(words.end(), before.begin(), before.end());
    words.push_back(request.executable);
  }
  words.insert(words.end(), request.arguments.begin(), request.arguments.end());
  std::vector<std::string> settings = request.environment;
  for (const char* name : {"HOME=", "TMPDIR="}) {
    const auto named = [&](const std::string& setting) { return setting.starts_with(name); };
    if (std::none_of(settings.begin(), settings.end(), named)) settings.push_back(name + folder);
  }
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> environment = pointers(settings);
  const std::string& working_folder = request.folder.empty() ? folder : request.folder;
  const pid_t child = start({program.c_str(), arguments.data(), environment.data(), working_folder.c_str(), descriptors,
                             failure.second.get(), request.limits});
  if (child < 0) return fail("fork");
  failure.second.reset();
  int reason = 0;
  if (read(failure.first.get(), &reason, sizeof reason) == sizeof reason) {
    waitpid(child, nullptr, 0);
    errno = reason;
    return fail(program);
  }
  return {child, ""};
}

}  // namespace isoaudit::loader_probe
