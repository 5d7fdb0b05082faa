#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace isoaudit::analyzer {

/// Which functions do something with which place of the image. Loops and unrolled code do it again and again: repeated
/// rows go when there are many.
class FunctionsByPlace {
 public:
  /// Address, number of the function.
  using Row = std::pair<std::uint64_t, std::uint32_t>;

  void add(std::uint64_t address, std::uint32_t function) {
    if (!rows_.empty() && rows_.back() == Row(address, function)) return;
    rows_.emplace_back(address, function);
    is_sorted_ = false;
    if (rows_.size() < most_rows_) return;
    most_rows_ = sorted().size() * 2;
  }

  /// Each once.
  const std::vector<Row>& sorted();
  std::vector<std::uint32_t> functions_at(std::uint64_t address);

 private:
  std::vector<Row> rows_{};
  bool is_sorted_ = true;
  std::size_t most_rows_ = 4096;
};

}  // namespace isoaudit::analyzer
