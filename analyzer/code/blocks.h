#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "analyzer/code/function_code.h"

namespace isoaudit::analyzer {

constexpr std::uint32_t no_block = ~std::uint32_t{0};

/// Instructions that run one after the other.
struct Block {
  std::uint32_t first = 0, last = 0;  // last: one past
  /// Where its end leads to: the target of its jump or branch; what follows it.
  std::uint32_t target = no_block, next = no_block;
  /// Where its jump through a table leads to, as Blocks::way_out knows; last: one past.
  std::uint32_t first_label = 0, last_label = 0;
};

/// A function's blocks and the order in which to look at them. Kept from function to function, so that its memory is
/// asked for once.
class Blocks {
 public:
  void cut(const FunctionCode& code);
  /// Numbers the blocks so that, loops aside, each comes after all that lead to it (reverse postorder): most are then
  /// looked at once. Compilers' own order is another one, they put the unlikely ways back into a function at its end.
  /// All of an outermost loop, unlikely ways too, comes before what follows it, which is then looked at once as well.
  void put_in_order(const FunctionCode& code);

  const std::vector<Block>& all() const { return blocks_; }
  const Block& operator[](std::size_t block) const { return blocks_[block]; }
  std::size_t size() const { return blocks_.size(); }
  /// Where callers come in; no_block when there is no code.
  std::uint32_t entry() const { return entry_; }
  /// Number `way` of those that lead out of a block: target, next, labels of a table; no_block: it leads nowhere.
  std::uint32_t way_out(const Block& block, std::uint32_t way) const {
    return way == 0 ? block.target : way == 1 ? block.next : table_targets_[block.first_label + way - first_table_way];
  }
  static std::uint32_t ways_out(const Block& block) { return first_table_way + block.last_label - block.first_label; }
  static constexpr std::uint32_t first_table_way = 2;
  /// Where tables of jumps lead of which it is not known which jumps go through them.
  const std::vector<std::uint32_t>& labels() const { return labels_; }

  // From put_in_order on.
  /// A block's place in the order, and back.
  std::uint32_t rank(std::uint32_t block) const { return rank_[block]; }
  std::uint32_t at_rank(std::uint32_t rank) const { return in_order_[rank]; }
  /// Where control comes in: the entry and those that no other leads to, but for fillings between others, of
  /// which nothing leads on.
  const std::vector<std::uint32_t>& roots() const { return roots_; }
  /// Nothing that comes later in the order leads to it or to one before it: when its turn comes for the first time, all
  /// that is known where it begins is known.
  bool is_behind_loops(std::uint32_t block) const { return behind_loops_[block] != 0; }
  /// The same number for all places in the order that lie in one outermost loop.
  std::uint32_t loop_of(std::uint32_t rank) const { return loop_of_[rank]; }
  /// Finds what labels and roots lead to. `but_entry`: the entry does not count as a root.
  void mark_behind_others(bool but_entry);
  /// From mark_behind_others on: control comes there from a label or from a root that counts.
  bool is_behind_others(std::uint32_t block) const { return behind_others_[block] != 0; }
  /// Ways from other blocks into it.
  std::uint32_t ways_in(std::uint32_t block) const { return ways_in_[block]; }

 private:
  void lead_through_tables(const FunctionCode& code);
  void order_from(std::uint32_t root);
  void mark_loops();

  static constexpr std::uint32_t no_rank = ~std::uint32_t{0};
  /// A block on the way from a root, how many ways out of it were followed, and how many blocks had been left.
  struct Step {
    std::uint32_t block = 0, way = 0, left = 0;
  };

  std::vector<Block> blocks_{};
  std::uint32_t entry_ = no_block;
  std::vector<std::uint32_t> labels_{}, table_targets_{}, rank_{}, in_order_{}, roots_{}, ways_in_{}, loop_of_{};
  std::vector<std::uint8_t> behind_loops_{}, behind_others_{};
  // Scratch.
  std::vector<std::uint8_t> starts_{};
  std::vector<std::uint32_t> block_of_{}, open_{};
  std::vector<std::int32_t> loops_{}, ways_over_{};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> jumps_{};
  std::vector<Step> path_{};
  /// By block: as which it was seen, 0 when not yet; the first seen that it leads back to. Blocks that were left and
  /// have no rank yet.
  std::vector<std::uint32_t> seen_{}, back_to_{}, left_{};
  std::uint32_t seen_count_ = 0, next_rank_ = 0;
};

}  // namespace isoaudit::analyzer
