#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace isoaudit::inside {

/// Takes over the descriptor that the host gave: moved high, closed on exec. `token` goes into every line.
void open_channel(int descriptor, std::string token);

/// One event. The parts are written in the order of the calls; the line goes out when it dies.
/// Usable from any thread, with or without a GIL.
class Event {
 public:
  explicit Event(std::string_view name);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  Event& text(std::string_view key, std::string_view value);
  Event& number(std::string_view key, std::int64_t value);
  Event& flag(std::string_view key, bool value);
  /// `json` is a whole JSON value.
  Event& raw(std::string_view key, std::string_view json);

 private:
  std::string line_;
};

/// Adds the time that a scope takes to what `what` (a name of a step) took so far; the closing event tells the sums.
class Timed {
 public:
  explicit Timed(std::string_view what);
  ~Timed();
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  std::string_view what_;
  std::chrono::steady_clock::time_point begin_;
};

/// Announces what is done next, and counts it.
void step(std::string_view what, std::int64_t interpreter, unsigned round);
/// The closing event.
void finish();

/// One event from a signal handler: takes no lock and no memory. `members` is the inside of a JSON object.
void emit_from_signal(std::string_view name, std::string_view members);

std::string quote(std::string_view text);

}  // namespace isoaudit::inside
