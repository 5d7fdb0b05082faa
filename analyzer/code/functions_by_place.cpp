#include "analyzer/code/functions_by_place.h"

#include <algorithm>

namespace isoaudit::analyzer {

const std::vector<FunctionsByPlace::Row>& FunctionsByPlace::sorted() {
  if (!is_sorted_) {
    std::ranges::sort(rows_);
    rows_.erase(std::unique(rows_.begin(), rows_.end()), rows_.end());
    is_sorted_ = true;
  }
  return rows_;
}

std::vector<std::uint32_t> FunctionsByPlace::functions_at(std::uint64_t address) {
  std::vector<std::uint32_t> functions;
  for (const Row& row : std::ranges::equal_range(sorted(), address, {}, &Row::first)) functions.push_back(row.second);
  return functions;
}

}  // namespace isoaudit::analyzer
