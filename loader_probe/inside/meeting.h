#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace isoaudit::inside {

/// A point that some threads reach and others never will: who comes waits for those who still may. Nobody waits longer
/// than `patience`: a module may hold a lock here that another one needs to come.
class Meeting {
 public:
  static constexpr std::chrono::milliseconds patience{500};

  explicit Meeting(unsigned expected) : expected_(expected) {}

  void arrive_and_wait() {
    std::unique_lock hold(lock_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait_for(hold, patience, [&] { return arrived_ >= expected_; });
  }

  /// The caller will not come (any more).
  void stay_away() {
    const std::lock_guard hold(lock_);
    --expected_;
    changed_.notify_all();
  }

 private:
  std::mutex lock_{};
  std::condition_variable changed_{};
  unsigned arrived_ = 0;
  unsigned expected_;
};

}  // namespace isoaudit::inside
