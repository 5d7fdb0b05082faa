#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loader_probe/host/event_log.h"
#include "model/run_facts.h"

namespace isoaudit::loader_probe {

/// A place in a watched file's own memory, as the file has it.
struct Address {
  std::string file{};
  std::uint64_t vaddr = 0;
  bool is_thread_local = false;

  auto operator<=>(const Address&) const = default;
};

/// An instruction that wrote one word in one step; several times perhaps.
struct TrackedWrite {
  std::string step{};
  std::int64_t interpreter = 0;
  std::int64_t before = 0;  ///< of the first time
  std::int64_t after = 0;   ///< of the last time
  bool atomic = false;
  bool changed = false;  ///< at least once it left another value than it found
  unsigned byte = 0;     ///< of the word, where the store began
  /// In a watched file: the instruction, or the call to what holds it. Empty when no watched file is on the stack.
  std::string code_file{};
  std::uint64_t code = 0;
  /// The file elsewhere whose instruction it was; empty for the watched file's own.
  std::string through_file{};
  std::uint64_t through = 0;
};

/// What a `tracked` child saw, by word; nothing when it died early: the steps before its end count.
std::map<Address, std::vector<TrackedWrite>> read_tracked_writes(const EventLog& log);

/// Why writes were not tracked, or not completely; empty when they were.
std::string tracking_gap(const EventLog& log);

/// Names instructions: function by symbol or debug information, line by the latter.
class CodePlaces {
 public:
  CodePlaces();
  ~CodePlaces();
  CodePlaces(const CodePlaces&) = delete;
  CodePlaces& operator=(const CodePlaces&) = delete;

  model::WritingFunction name(const TrackedWrite& write);

 private:
  struct Symbolizers;
  std::unique_ptr<Symbolizers> symbolizers_;
};

}  // namespace isoaudit::loader_probe
