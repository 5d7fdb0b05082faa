#pragma once

#include <sys/types.h>

#include <mutex>
#include <optional>
#include <string>

#include "loader_probe/host/child_process.h"
#include "loader_probe/host/descriptors.h"
#include "loader_probe/host/scratch_folder.h"

namespace isoaudit::loader_probe {

/// An interpreter that was started once, in one sandbox, and is copied for each child: inside/fork_server.h. A child of
/// it begins as one of its own process would, only sooner.
///
/// All its children may be foreign code's, and that may send signals to the others and to the server. So no answer is
/// given for a child that ended by a signal, or whose end nobody told: whether it was its own doing, a process and a
/// sandbox of its own has to show. Safe to use from several threads.
class ForkServer {
 public:
  /// Starts it and does not wait; `request` runs the server. Its configuration is not sent.
  explicit ForkServer(const ChildRequest& request);
  ~ForkServer();
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;

  /// Until it is ready to run something; false when it will never be.
  bool wait();
  /// What the interpreter said of itself when it was ready, interpreters.h.
  const std::string& answers() const { return answers_; }
  /// As run_child, with the same program; nothing when that is to be asked instead.
  std::optional<ChildResult> run(const std::string& configuration, const Limits& limits) {
    return ask(configuration, limits, false);
  }
  /// The same, and the last that it is asked: no copy is made, the server itself is the child. It has met no foreign
  /// code and shares its sandbox with none, so an end by a signal is an answer.
  std::optional<ChildResult> run_last(const std::string& configuration, const Limits& limits) {
    return ask(configuration, limits, true);
  }

 private:
  bool is_ready();
  std::optional<ChildResult> ask(const std::string& configuration, const Limits& limits, bool is_last);
  bool send_request(const std::string& folder, const Limits& limits, bool is_last, const std::array<int, 4>& streams,
                    int status);
  /// Until a copy has ended or its time is over; false when that is no answer.
  bool hear_copy(Descriptor& status, double seconds, ChildStreams& streams, ChildResult& result);

  const ScratchFolder folder_{};
  pid_t process_ = -1;
  bool sandboxed_ = false;
  std::mutex lock_{};
  Descriptor control_{};
  std::string answers_{};
  bool ready_ = false;
  bool lost_ = false;
};

}  // namespace isoaudit::loader_probe
