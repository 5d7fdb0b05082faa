#pragma once

#include <sys/resource.h>

#include <climits>
#include <cstddef>

/// What the host asks of a fork server, and what both do to a process before foreign code runs in it: the second file
/// that host and child share.
namespace isoaudit::loader_probe {

/// What a child may use. Everything that runs foreign code runs under these.
struct Limits {
  /// Wall clock, seconds; then the whole process group is killed.
  double seconds = 30;
  std::size_t address_space = std::size_t{8} << 30;
  /// One file, bytes.
  std::size_t file_size = std::size_t{1} << 30;
  unsigned open_files = 4096;
  /// Processes and threads of the user, which the kernel does not hold root to.
  unsigned processes = 4096;
};

/// Takes hold of the calling process; only calls that are safe after a fork of a process with threads.
inline void apply(const Limits& limits) {
  const auto limit = [](auto resource, rlim_t value) {
    const rlimit both{value, value};
    setrlimit(resource, &both);
  };
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_AS, limits.address_space);
  limit(RLIMIT_FSIZE, limits.file_size);
  limit(RLIMIT_NOFILE, limits.open_files);
  limit(RLIMIT_NPROC, limits.processes);
  // The wall clock is the first guard; this one ends what escapes it.
  limit(RLIMIT_CPU, (static_cast<rlim_t>(limits.seconds) + 1) * 8 + 8);
}

/// One message to a fork server, with these descriptors in this order.
struct ForkRequest {
  Limits limits{};
  /// Becomes the working folder, HOME and TMPDIR. Ends with a zero.
  char folder[PATH_MAX] = {};
  /// The server is the child: nothing more will be asked of it, and it tells no status but its own.
  bool is_last = false;
};
enum ForkDescriptor {
  fork_output,         ///< becomes 1
  fork_errors,         ///< becomes 2
  fork_events,         ///< becomes 3
  fork_configuration,  ///< becomes 4
  /// Stays with the server: it writes the child's wait status (an int) there. When the other end is closed, the child
  /// is killed.
  fork_status,
  fork_descriptors
};

/// Where a fork server is asked: its control socket (SOCK_SEQPACKET). Its first message says that it is ready; when the
/// other end is closed it ends.
inline constexpr int fork_control_descriptor = 3;

}  // namespace isoaudit::loader_probe
