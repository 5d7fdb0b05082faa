#include "cli/private_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace isoaudit::cli {
namespace {

namespace fs = std::filesystem;

void remove(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
}

/// The cleaner: a session of its own, out of Ctrl-C's reach, holding nothing of its parent but the pipe.
[[noreturn]] void wait_and_remove(int pipe_end, const std::string& path) {
  setsid();
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) signal(number, SIG_IGN);
  if (pipe_end != 0) dup2(pipe_end, 0);
  close_range(1, ~0U, 0);
  char byte = 0;
  while (read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  remove(path);
  _exit(0);
}

}  // namespace

PrivateFolder::PrivateFolder() {
  std::error_code error;
  fs::path parent = fs::temp_directory_path(error);
  if (!error) parent = fs::canonical(parent, error);
  if (error) {
    error_ = "there is no folder for temporary files (TMPDIR): " + error.message();
    return;
  }
  std::string path = (parent / "isoaudit-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) {
    error_ = "no temporary folder could be made in " + parent.string() + ": " + std::strerror(errno);
    return;
  }
  path_ = path;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return;
  cleaner_ = fork();
  if (cleaner_ == 0) {
    close(ends[1]);
    wait_and_remove(ends[0], path_);
  }
  close(ends[0]);
  alive_ = ends[1];
}

PrivateFolder::~PrivateFolder() {
  if (alive_ >= 0) close(alive_);
  if (cleaner_ > 0) waitpid(cleaner_, nullptr, 0);
  if (!path_.empty()) remove(path_);
}

}  // namespace isoaudit::cli
