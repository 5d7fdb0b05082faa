#pragma once

#include <string>
#include <vector>

namespace isoaudit::loader_probe {

/// bubblewrap on this machine: what keeps foreign code from the network, from other processes and from files.
struct Sandbox {
  /// Path of bubblewrap; empty when there is none that works here.
  std::string program{};
  /// Why there is none: not installed, or what it said when it was tried.
  std::string why_not{};
};

/// Looks for bubblewrap and tries it once for the whole program: kernels may forbid what it needs.
const Sandbox& find_sandbox();

/// bubblewrap's path, not tried; empty: it is not installed.
std::string untried_sandbox();
/// Something was started in the untried one and has answered: find_sandbox() need not try it any more.
void sandbox_was_seen_at_work();

/// bubblewrap's arguments before the command: the machine read-only, `folder` writable, no network, own processes.
std::vector<std::string> sandbox_arguments(const std::string& folder);

/// bubblewrap ends with 128 + N when its command was ended by signal N; the wait status that the command itself would
/// have had. A command that ends by itself with such a status looks the same.
int status_behind_sandbox(int wait_status);

}  // namespace isoaudit::loader_probe
