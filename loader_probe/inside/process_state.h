#pragma once

#include <cstdint>
#include <memory>

namespace isoaudit::inside {

/// What belongs to the whole process and what an extension may change behind the back of the other interpreters.
class ProcessState {
 public:
  ProcessState();
  ~ProcessState();
  ProcessState(const ProcessState&) = delete;
  ProcessState& operator=(const ProcessState&) = delete;

  /// Tells what has changed since the last look, an event for each thing, and remembers what is there now. Values are
  /// told of places that hold no secrets: of the environment the names alone.
  void report_changes(const char* step, std::int64_t interpreter);

 private:
  struct Snapshot;
  std::unique_ptr<Snapshot> before_;
};

}  // namespace isoaudit::inside
