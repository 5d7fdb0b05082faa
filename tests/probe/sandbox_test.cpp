// What foreign code can reach from inside, and that the sandbox changes nothing of what is told about it.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "loader_probe/host/child_process.h"
#include "loader_probe/host/sandbox.h"
#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using loader_probe::ChildRequest;
using loader_probe::ChildResult;
using model::Level;
using model::Outcome;

constexpr char kReachedFile[] = "/var/tmp/isoaudit_reached_out";

/// Listens on the abstract name that modules/reaches_out.c tries.
class Listener {
 public:
  Listener() : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    static constexpr char name[] = "isoaudit_reached_out";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name, sizeof name);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + sizeof name);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), size), 0) << std::strerror(errno);
    EXPECT_EQ(listen(socket_, 64), 0);
  }
  ~Listener() { close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  int socket_;
};

TEST(Sandbox, WorksOnThisMachine) {
  EXPECT_NE(loader_probe::find_sandbox().program, "") << loader_probe::find_sandbox().why_not;
}

TEST(Sandbox, KeepsAModuleFromFilesNetworkAndProcesses) {
  std::filesystem::remove(kReachedFile);
  const Listener listener;
  loader_probe::ProbeOptions options = probe_options();
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    options.sandbox = true;
    const model::RunFacts inside = run_module("reaches_out", python, options);
    EXPECT_EQ(phase(inside, Level::main).outcome, Outcome::ok) << told(phase(inside, Level::main));
    EXPECT_FALSE(std::filesystem::exists(kReachedFile));
    options.sandbox = false;
    const model::RunFacts outside = run_module("reaches_out", python, options);
    EXPECT_THAT(phase(outside, Level::main).detail, testing::StartsWith("ImportError: reached: file network parent"));
    EXPECT_EQ(phase(outside, Level::main).exceptions, std::vector<std::string>{"ImportError"});
    std::filesystem::remove(kReachedFile);
  }
}

// Levels share a sandbox, and may run side by side in it: what one does to the others costs time and nothing else.
TEST(Sandbox, ALevelThatKillsTheOthersChangesNoAnswer) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts calm = run_module("global_dict", python);
    for (const unsigned children : {1u, 2u}) {
      SCOPED_TRACE(children);
      loader_probe::ProbeOptions options = probe_options();
      options.children = children;
      const model::RunFacts run = run_module("kills_others", python, options);
      for (const model::Phase& expected : calm.phases) {
        const model::Phase& found = phase(run, expected.level);
        EXPECT_EQ(found.outcome, expected.outcome) << told(found);
        EXPECT_EQ(found.imports, expected.imports) << told(found);
        ASSERT_EQ(found.shared.size(), expected.shared.size()) << told(found);
        for (const model::SharedObject& object : found.shared) EXPECT_EQ(object.symbol, "cache");
      }
    }
  }
}

TEST(Sandbox, EndsAreToldAsWithoutIt) {
  struct Case {
    const char* command;
    bool signalled;
    int number;
  };
  for (const Case& row : {Case{"kill -SEGV $$", true, SIGSEGV}, Case{"kill -ABRT $$", true, SIGABRT},
                          Case{"exit 3", false, 3}, Case{"exit 0", false, 0}}) {
    SCOPED_TRACE(row.command);
    ChildRequest request;
    request.executable = "/bin/sh";
    request.arguments = {"-c", row.command};
    for (const std::string& sandbox : {std::string(), loader_probe::find_sandbox().program}) {
      request.sandbox = sandbox;
      const ChildResult result = loader_probe::run_child(request);
      EXPECT_EQ(result.start_error, "");
      EXPECT_EQ(WIFSIGNALED(result.wait_status), row.signalled);
      EXPECT_EQ(row.signalled ? WTERMSIG(result.wait_status) : WEXITSTATUS(result.wait_status), row.number);
    }
  }
}

/// Some process of this machine was started with these words.
bool runs(const std::string& words) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    std::ifstream file(entry.path() / "cmdline");
    const std::string line((std::istreambuf_iterator<char>(file)), {});
    if (line == words) return true;
  }
  return false;
}

TEST(Sandbox, AHangingChildIsKilledWithAllItStarted) {
  ChildRequest request;
  request.executable = "/bin/sh";
  request.arguments = {"-c", "setsid sleep 4242 & sleep 4242"};
  request.sandbox = loader_probe::find_sandbox().program;
  request.limits.seconds = 0.5;
  const ChildResult result = loader_probe::run_child(request);
  EXPECT_TRUE(result.timed_out);
  // The kernel ends the processes of a namespace with its first one, a moment after that.
  using namespace std::string_literals;
  const std::string sleeper = "sleep\0004242\0"s;
  bool left = true;
  for (int i = 0; i < 100 && (left = runs(sleeper)); ++i) usleep(50000);
  EXPECT_FALSE(left);
}

}  // namespace
}  // namespace isoaudit::tests
