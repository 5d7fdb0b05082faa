#pragma once

#include <array>
#include <functional>
#include <string>

#include "loader_probe/host/child_process.h"
#include "loader_probe/host/descriptors.h"

namespace isoaudit::loader_probe {

/// The four streams between the host and one child, and what came over them.
class ChildStreams {
 public:
  /// False with errno set when they cannot be made, or the configuration is more than a pipe holds.
  bool open(const std::string& configuration);

  /// The child's ends: for its descriptors 1 (output), 2 (errors), 3 (events) and 4 (configuration).
  std::array<int, 4> of_child() const;
  /// To be called when the child has its own copies: the host's would hide the end of the streams.
  void close_childs();

  /// Reads until `end` becomes readable and `ended` agrees, or `seconds` are over; false then. `end` may be -1: `ended`
  /// is asked every few milliseconds.
  bool listen(int end, double seconds, const std::function<bool()>& ended);
  /// Takes what is still in the pipes, and puts all into `result`.
  void finish(ChildResult& result);

 private:
  /// The head and the tail of a stream of any length.
  class CappedText {
   public:
    void add(const char* data, std::size_t size);
    std::string take() { return cut_ ? head_ + "\n[...]\n" + tail_ : head_ + tail_; }

   private:
    std::string head_{};
    std::string tail_{};
    bool cut_ = false;
  };

  /// Until something comes over a stream, or `end` is readable.
  void wait(int end, double seconds);
  /// Reads once from each stream that has something; false when none had.
  bool take_all();

  Ends output_{};
  Ends errors_{};
  Ends events_{};
  Ends configuration_{};
  std::array<short, 3> ready_{};
  std::array<bool, 3> open_{true, true, true};
  CappedText printed_{};
  CappedText complained_{};
  std::string told_{};
  bool over_cap_ = false;
};

}  // namespace isoaudit::loader_probe
