#include "loader_probe/host/sandbox.h"

#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <filesystem>

#include "llvm/Support/Program.h"
#include "loader_probe/host/child_process.h"

namespace isoaudit::loader_probe {
namespace {

std::atomic<bool> g_seen_at_work = false;

Sandbox look_for_sandbox() {
  const std::string program = untried_sandbox();
  if (program.empty()) return {"", "bubblewrap is not installed"};
  if (g_seen_at_work) return {program, ""};
  ChildRequest request;
  request.executable = "/bin/true";
  request.sandbox = program;
  request.limits.seconds = 10;
  const ChildResult tried = run_child(request);
  if (tried.start_error.empty() && !tried.timed_out && tried.wait_status == 0) return {program, ""};
  std::string said = tried.start_error.empty() ? tried.errors : tried.start_error;
  while (said.ends_with('\n')) said.pop_back();
  return {"", "bubblewrap cannot make a sandbox here" + (said.empty() ? "" : ": " + said)};
}

}  // namespace

const Sandbox& find_sandbox() {
  static const Sandbox found = look_for_sandbox();
  return found;
}

std::string untried_sandbox() {
  const auto program = llvm::sys::findProgramByName("bwrap");
  return program ? *program : "";
}

void sandbox_was_seen_at_work() { g_seen_at_work = true; }

std::vector<std::string> sandbox_arguments(const std::string& folder) {
  return {"--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent",
          // Root keeps its capabilities otherwise, and with them the means to mount the file system writable again.
          "--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", folder, folder,
          "--chdir", folder, "--"};
}

int status_behind_sandbox(int wait_status) {
  const int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
  return code > 128 && code - 128 < NSIG ? code - 128 : wait_status;
}

}  // namespace isoaudit::loader_probe
