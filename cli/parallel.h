#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace isoaudit::cli {

/// Calls work(0) ... work(count - 1), each once, from up to `jobs` threads (0: one for each core). `work` must not
/// throw.
inline void parallel(std::size_t count, unsigned jobs, const std::function<void(std::size_t)>& work) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t threads = std::min<std::size_t>(jobs == 0 ? cores : jobs, count);
  std::atomic<std::size_t> next = 0;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> pool;
  for (std::size_t i = 1; i < threads; ++i) pool.emplace_back(run);
  run();
}

}  // namespace isoaudit::cli
