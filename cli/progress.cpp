#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace isoaudit::cli {

Progress::Progress(bool quiet) : on_(!quiet && isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { clear(); }

void Progress::show(const std::string& text) {
  if (!on_) return;
  const std::scoped_lock lock(mutex_);
  // A terminal's line is at least this long; more would wrap and stay behind.
  fmt::print(stderr, "\r\033[K{}", text.substr(0, 79));
  std::fflush(stderr);
  dirty_ = true;
}

void Progress::clear() {
  const std::scoped_lock lock(mutex_);
  if (!dirty_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  dirty_ = false;
}

}  // namespace isoaudit::cli
