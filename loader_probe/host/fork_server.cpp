#include "loader_probe/host/fork_server.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "loader_probe/host/child_streams.h"
#include "loader_probe/host/start_process.h"

namespace isoaudit::loader_probe {
namespace {

/// Processor time is counted for each process; what the server itself needs does not hang on any child's clock.
constexpr double kServersOwnSeconds = 3600;
constexpr int kSecondsToStart = 20;

bool open_sockets(Ends& ends) {
  std::array<int, 2> raw{};
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, raw.data()) == 0 && ends.take(raw);
}

}  // namespace

ForkServer::ForkServer(const ChildRequest& request) : sandboxed_(!request.sandbox.empty()) {
  Ends control;
  if (folder_.path().empty() || !open_sockets(control)) return;
  ChildRequest own = request;
  own.limits.seconds = kServersOwnSeconds;
  static_assert(fork_control_descriptor == 3);
  process_ = start_process(own, folder_.path(), {-1, -1, control.second.get(), -1}).process;
  if (process_ > 0) control_ = std::move(control.first);
}

ForkServer::~ForkServer() {
  control_.reset();
  siginfo_t ended{};
  // One that ended early may have been waited for by somebody else: its number may be another's by now.
  if (process_ <= 0 || waitid(P_PID, static_cast<id_t>(process_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return;
  kill(-process_, SIGKILL);
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

bool ForkServer::is_ready() {
  if (lost_ || control_.get() < 0) return false;
  if (ready_) return true;
  pollfd socket{control_.get(), POLLIN, 0};
  std::array<char, 65536> said{};
  const ssize_t got =
      poll(&socket, 1, kSecondsToStart * 1000) == 1 ? recv(control_.get(), said.data(), said.size(), 0) : 0;
  ready_ = got > 0;
  if (ready_) answers_.assign(said.data(), static_cast<std::size_t>(got));
  lost_ = !ready_;
  return ready_;
}

bool ForkServer::wait() {
  const std::lock_guard hold(lock_);
  return is_ready();
}

bool ForkServer::send_request(const std::string& folder, const Limits& limits, bool is_last,
                              const std::array<int, 4>& streams, int status) {
  ForkRequest request;
  request.limits = limits;
  request.is_last = is_last;
  if (folder.empty() || folder.size() >= sizeof request.folder) return false;
  std::copy(folder.begin(), folder.end(), request.folder);
  std::array<int, fork_descriptors> descriptors{};
  std::copy(streams.begin(), streams.end(), descriptors.begin());
  descriptors[fork_status] = status;
  iovec bytes{&request, sizeof request};
  alignas(cmsghdr) char extra[CMSG_SPACE(sizeof descriptors)] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = extra;
  message.msg_controllen = sizeof extra;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(head), descriptors.data(), sizeof descriptors);
  return sendmsg(control_.get(), &message, MSG_NOSIGNAL) == sizeof request;
}

bool ForkServer::hear_copy(Descriptor& status, double seconds, ChildStreams& streams, ChildResult& result) {
  ssize_t told = -1;
  const auto hear = [&] {
    told = recv(status.get(), &result.wait_status, sizeof result.wait_status, MSG_DONTWAIT);
    return told >= 0;
  };
  result.timed_out = !streams.listen(status.get(), seconds, hear);
  // Where it has not ended, this ends it.
  status.reset();
  if (result.timed_out || (told == sizeof result.wait_status && !WIFSIGNALED(result.wait_status))) return true;
  const std::lock_guard hold(lock_);
  if (told != sizeof result.wait_status) lost_ = true;
  return false;
}

std::optional<ChildResult> ForkServer::ask(const std::string& configuration, const Limits& limits, bool is_last) {
  ChildStreams streams;
  Ends status;
  if (!open_sockets(status) || !streams.open(configuration)) return std::nullopt;
  if (!wait()) return std::nullopt;
  const ScratchFolder folder(folder_.path());
  const auto start = std::chrono::steady_clock::now();
  {
    const std::lock_guard hold(lock_);
    lost_ = lost_ || !send_request(folder.path(), limits, is_last, streams.of_child(), status.second.get());
    if (lost_) return std::nullopt;
    lost_ = is_last;
  }
  streams.close_childs();
  status.second.reset();

  ChildResult result;
  if (is_last) {
    hear_out(process_, limits.seconds, sandboxed_, streams, result);
    process_ = -1;
  } else if (!hear_copy(status.first, limits.seconds, streams, result)) {
    return std::nullopt;
  }
  streams.finish(result);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace isoaudit::loader_probe
