#include "loader_probe/host/child_streams.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>

namespace isoaudit::loader_probe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kTextCap = std::size_t{32} * 1024;
constexpr std::size_t kEventCap = std::size_t{64} << 20;

/// Reads what is there; false at the end of the stream.
template <typename Sink>
bool drain(int descriptor, Sink&& sink) {
  static thread_local std::array<char, 65536> buffer;
  const ssize_t got = read(descriptor, buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  sink(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

}  // namespace

void ChildStreams::CappedText::add(const char* data, std::size_t size) {
  const std::size_t head = std::min(size, kTextCap - head_.size());
  head_.append(data, head);
  tail_.append(data + head, size - head);
  if (tail_.size() > 2 * kTextCap) {
    tail_.erase(0, tail_.size() - kTextCap);
    cut_ = true;
  }
}

bool ChildStreams::open(const std::string& configuration) {
  for (Ends* ends : {&output_, &errors_, &events_, &configuration_}) {
    if (!ends->open_pipe()) return false;
  }
  for (const Ends* ends : {&output_, &errors_, &events_}) fcntl(ends->first.get(), F_SETFL, O_NONBLOCK);
  // Never blocks: a configuration that a pipe cannot hold is an error, not a hang.
  fcntl(configuration_.second.get(), F_SETFL, O_NONBLOCK);
  const ssize_t written = write(configuration_.second.get(), configuration.data(), configuration.size());
  if (written != static_cast<ssize_t>(configuration.size())) return false;
  configuration_.second.reset();
  return true;
}

std::array<int, 4> ChildStreams::of_child() const {
  return {output_.second.get(), errors_.second.get(), events_.second.get(), configuration_.first.get()};
}

void ChildStreams::close_childs() {
  for (Ends* ends : {&output_, &errors_, &events_}) ends->second.reset();
  configuration_.first.reset();
}

void ChildStreams::wait(int end, double seconds) {
  const auto at = [&](std::size_t which, const Ends& ends) {
    return pollfd{open_[which] ? ends.first.get() : -1, POLLIN, 0};
  };
  std::array<pollfd, 4> watched = {at(0, output_), at(1, errors_), at(2, events_), pollfd{end, POLLIN, 0}};
  poll(watched.data(), watched.size(), static_cast<int>(std::ceil(seconds * 1000)));
  for (std::size_t i = 0; i < ready_.size(); ++i) ready_[i] = watched[i].revents;
}

bool ChildStreams::take_all() {
  bool any = false;
  const auto take = [&](std::size_t which, const Ends& from, auto&& sink) {
    if (!open_[which] || !(ready_[which] & (POLLIN | POLLHUP | POLLERR))) return;
    any = true;
    if (!drain(from.first.get(), sink)) open_[which] = false;
  };
  take(0, output_, [&](const char* data, std::size_t size) { printed_.add(data, size); });
  take(1, errors_, [&](const char* data, std::size_t size) { complained_.add(data, size); });
  take(2, events_, [&](const char* data, std::size_t size) {
    if (told_.size() + size > kEventCap) {
      over_cap_ = true;
    } else {
      told_.append(data, size);
    }
  });
  return any;
}

bool ChildStreams::listen(int end, double seconds, const std::function<bool()>& ended) {
  const auto start = Clock::now();
  for (;;) {
    const double left = seconds - std::chrono::duration<double>(Clock::now() - start).count();
    if (left <= 0) return false;
    wait(end, end >= 0 ? left : std::min(left, 0.005));
    take_all();
    if (ended()) return true;
  }
}

void ChildStreams::finish(ChildResult& result) {
  // A process that left the group may hold the pipes open and go on writing: take what is there, wait for nothing, and
  // stop at twice what the pipes can hold.
  bool any = true;
  for (int turn = 0; any && turn < 64; ++turn) {
    wait(-1, 0);
    any = take_all();
  }
  result.output = printed_.take();
  result.errors = complained_.take();
  result.events = std::move(told_);
  result.events_over_cap = over_cap_;
}

}  // namespace isoaudit::loader_probe
