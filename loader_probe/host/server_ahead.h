#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "loader_probe/host/fork_server.h"
#include "loader_probe/host/probe.h"

namespace isoaudit::loader_probe {

/// A fork server that is started before it is known for what: while modules are read, the interpreter that will load
/// the first of them comes up on another core. Lives in the thread that made it; a sandbox ends with that thread.
class ServerAhead {
 public:
  /// Does not wait, neither for the interpreter nor for an answer whether `executable` is one.
  ServerAhead(std::string executable, const ProbeOptions& options);

  bool serves(const std::string& executable) const { return executable == executable_; }
  /// What the interpreter says of itself (interpreters.h), once it is there; empty when it does not come. Where it came
  /// up in a sandbox, none has to be tried any more.
  std::string answers();
  /// The server, when it is one of this interpreter; once, then null. Safe to use from several threads.
  std::unique_ptr<ForkServer> take(const std::string& executable);

 private:
  std::mutex lock_{};
  std::string executable_{};
  bool sandboxed_ = false;
  std::unique_ptr<ForkServer> server_{};
};

}  // namespace isoaudit::loader_probe
