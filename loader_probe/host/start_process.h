#pragma once

#include <sys/types.h>

#include <array>
#include <string>

#include "loader_probe/host/child_process.h"

namespace isoaudit::loader_probe {

struct StartedProcess {
  pid_t process = -1;
  /// Why there is none; empty when it runs.
  std::string error{};
};

/// Starts the program of a request, in the sandbox that it names, in its own session, under its limits, with `folder`
/// to work in, without stdin. `descriptors` become 1, 2, 3 and 4 there; -1: none. Safe to call from several threads.
StartedProcess start_process(const ChildRequest& request, const std::string& folder,
                             const std::array<int, 4>& descriptors);

}  // namespace isoaudit::loader_probe
