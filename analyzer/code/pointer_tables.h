#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "analyzer/code/value.h"
#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// Tables of pointers that code goes through with an index: initialisers go through tables of what they fill.
class PointerTables {
 public:
  explicit PointerTables(const Image& image) : image_(image) {}

  /// What a load from the table gives: one of its pointers to writable memory, as the region between the first and the
  /// last of them. Unknown when it has none.
  Value load(std::uint64_t table);
  /// Where such a pointer may go, `first` and `last`, between which its region lies, included.
  std::span<const std::uint64_t> choices(std::uint64_t first, std::uint64_t last) const;
  /// Some table was not followed to its end: what it points to may be written and nothing tells.
  bool is_cut() const { return is_cut_; }

 private:
  struct Rows {
    std::uint64_t begin = 0, end = 0;
    /// Nothing says where it ends but what lies there.
    bool ends_in_gap = false;
  };
  Rows rows_of(std::uint64_t table) const;
  std::vector<std::uint64_t> targets_in(const Rows& rows);
  bool points(std::uint64_t row) const;
  bool is_object(std::uint64_t address) const;

  const Image& image_;
  std::map<std::uint64_t, Value> values_{};
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<std::uint64_t>> choices_{};
  /// Rows that may still be read: hostile tables overlap.
  std::uint64_t rows_left_ = std::uint64_t{1} << 20;
  bool is_cut_ = false;
};

}  // namespace isoaudit::analyzer
