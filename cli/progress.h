#pragma once

#include <mutex>
#include <string>

namespace isoaudit::cli {

/// One line on stderr that is written over; silent unless stderr is a terminal. Safe from several threads.
class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const std::string& text);
  /// Removes the line, before anything else is printed.
  void clear();

 private:
  bool on_ = false;
  bool dirty_ = false;
  std::mutex mutex_{};
};

}  // namespace isoaudit::cli
