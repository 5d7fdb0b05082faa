#pragma once

#include <sys/types.h>

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "loader_probe/inside/fork_request.h"

namespace isoaudit::loader_probe {

struct ChildRequest {
  std::string executable{};
  /// Without argv[0].
  std::vector<std::string> arguments{};
  /// "NAME=value"; nothing else is inherited.
  std::vector<std::string> environment{};
  /// Goes to descriptor 4 of the child; at most what a pipe holds (64 KiB).
  std::string configuration{};
  /// bubblewrap's path: the program runs inside, sandbox.h. Empty: limits alone.
  std::string sandbox{};
  /// Where it starts; empty: a private folder that is gone at the end.
  std::string folder{};
  /// All that it started is killed as well when this process is interrupted or killed, however long it would go on.
  bool ends_with_parent = false;
  Limits limits{};
};

/// "NAME=value" for each of these that this process has.
std::vector<std::string> inherited(std::initializer_list<const char*> names);

struct ChildResult {
  /// Why it could not be started; empty when it was.
  std::string start_error{};
  bool timed_out = false;
  /// As waitpid told.
  int wait_status = 0;
  /// What came over descriptor 3, up to a cap.
  std::string events{};
  bool events_over_cap = false;
  /// What it printed: the first and the last part of stdout and stderr, each with a cap. They are always drained.
  std::string output{};
  std::string errors{};
  double seconds = 0;
};

class ChildStreams;

/// Listens until a started process has ended, or kills it when `seconds` are over, with all that is left of its group;
/// then it is reaped. Fills what `result` says of its end. `before_reaping` runs while its number is still its own.
void hear_out(pid_t child, double seconds, bool sandboxed, ChildStreams& streams, ChildResult& result,
              const std::function<void()>& before_reaping = {});

/// Runs a program in its own session, in its working folder, without stdin, and waits for its end. Whatever it
/// started and left behind in its process group is killed. Safe to call from several threads.
ChildResult run_child(const ChildRequest& request);

}  // namespace isoaudit::loader_probe
