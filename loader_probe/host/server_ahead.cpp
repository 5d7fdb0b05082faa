#include "loader_probe/host/server_ahead.h"

#include <utility>

#include "loader_probe/host/interpreter_request.h"
#include "loader_probe/host/sandbox.h"

namespace isoaudit::loader_probe {

ServerAhead::ServerAhead(std::string executable, const ProbeOptions& options) : executable_(std::move(executable)) {
  const std::string library = find_probe_library(options);
  if (executable_.empty() || library.empty()) return;
  const std::string sandbox = options.sandbox ? untried_sandbox() : "";
  sandboxed_ = !sandbox.empty();
  server_ = std::make_unique<ForkServer>(serving_interpreter(executable_, options, library, sandbox));
}

std::string ServerAhead::answers() {
  const std::lock_guard hold(lock_);
  if (!server_ || !server_->wait()) return "";
  if (sandboxed_) sandbox_was_seen_at_work();
  return server_->answers();
}

std::unique_ptr<ForkServer> ServerAhead::take(const std::string& executable) {
  const std::lock_guard hold(lock_);
  return executable == executable_ ? std::move(server_) : nullptr;
}

}  // namespace isoaudit::loader_probe
