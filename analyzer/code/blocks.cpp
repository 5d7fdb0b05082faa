#include "analyzer/code/blocks.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

bool only_pads(const FunctionCode& code, const Block& block) {
  for (std::size_t i = block.first; i < block.last; ++i) {
    const Instruction& instruction = code.instructions[i];
    if (instruction.op != Op::other || instruction.clobbers != 0 || instruction.writes_memory) return false;
  }
  return true;
}

bool touches_memory(const FunctionCode& code, const Block& block) {
  for (std::size_t i = block.first; i < block.last; ++i) {
    if (code.instructions[i].has_memory) return true;
  }
  return false;
}

}  // namespace

void Blocks::cut(const FunctionCode& code) {
  const auto& instructions = code.instructions;
  const std::size_t count = instructions.size();
  blocks_.clear();
  labels_.clear();
  jumps_.clear();
  starts_.assign(count + 1, 0);
  starts_[0] = 1;
  const std::ptrdiff_t begin = code.index_of(code.begin);
  if (begin >= 0) starts_[static_cast<std::size_t>(begin)] = 1;
  for (const std::uint64_t label : code.labels) {
    if (const std::ptrdiff_t index = code.index_of(label); index >= 0) starts_[static_cast<std::size_t>(index)] = 1;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Instruction& instruction = instructions[i];
    const bool hole = i + 1 < count && instructions[i + 1].address != instruction.next();
    const bool ends = instruction.ends_block() || instruction.is_branch();
    if (ends || hole) starts_[i + 1] = 1;
    if (!ends || !instruction.has_target) continue;
    const std::ptrdiff_t target = code.index_of(instruction.target);
    if (target < 0) continue;
    starts_[static_cast<std::size_t>(target)] = 1;
    jumps_.emplace_back(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(target));
  }
  block_of_.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (starts_[i] != 0) blocks_.push_back({i, i});
    blocks_.back().last = i + 1;
    block_of_[i] = static_cast<std::uint32_t>(blocks_.size() - 1);
  }
  entry_ = blocks_.empty() ? no_block : begin >= 0 ? block_of_[static_cast<std::size_t>(begin)] : 0;
  lead_through_tables(code);
  auto jump = jumps_.begin();
  for (std::uint32_t block = 0; block < blocks_.size(); ++block) {
    const std::size_t end = blocks_[block].last;
    const Instruction& last = instructions[end - 1];
    // An instruction that jumps ends its block, so both lists are in one order.
    if (jump != jumps_.end() && jump->first == end - 1) blocks_[block].target = block_of_[jump++->second];
    const bool falls = !last.ends_block() && end < count && instructions[end].address == last.next();
    if (falls) blocks_[block].next = block + 1;
  }
}

void Blocks::lead_through_tables(const FunctionCode& code) {
  table_targets_.clear();
  for (const auto& [jump, label] : code.table_ways) {
    Block& block = blocks_[block_of_[jump]];
    const auto place = static_cast<std::uint32_t>(table_targets_.size());
    if (block.last_label == 0) block.first_label = place;
    block.last_label = place + 1;
    table_targets_.push_back(block_of_[static_cast<std::size_t>(code.index_of(label))]);
  }
  if (!code.table_ways.empty()) return;  // it is known which jump leads where
  for (const std::uint64_t label : code.labels) {
    const std::ptrdiff_t index = code.index_of(label);
    if (index >= 0) labels_.push_back(block_of_[static_cast<std::size_t>(index)]);
  }
}

void Blocks::put_in_order(const FunctionCode& code) {
  roots_.clear();
  seen_.assign(blocks_.size(), 0);
  back_to_.resize(blocks_.size());
  rank_.assign(blocks_.size(), no_rank);
  in_order_.resize(blocks_.size());
  next_rank_ = static_cast<std::uint32_t>(blocks_.size());
  seen_count_ = 0;
  for (std::uint32_t i = 0; i <= blocks_.size(); ++i) {
    // Where callers come in is first, wherever that lies.
    const std::uint32_t root = i == 0 ? entry_ : i - 1;
    if (root == no_block || seen_[root] != 0) continue;
    // What fills the gap behind a jump leads nowhere.
    const bool pads = root != entry_ && only_pads(code, blocks_[root]);
    if (pads) blocks_[root].next = no_block;
    if (!pads || touches_memory(code, blocks_[root])) roots_.push_back(root);
    order_from(root);
  }
  mark_loops();
}

/// R. Tarjan's depth-first search for strongly connected components, each of which is a loop with all inside or one
/// block: when it is left, what was left since its first block was reached is all of it.
void Blocks::order_from(std::uint32_t root) {
  const auto reach = [&](std::uint32_t block) {
    seen_[block] = back_to_[block] = ++seen_count_;
    path_.push_back({block, 0, static_cast<std::uint32_t>(left_.size())});
  };
  reach(root);
  while (!path_.empty()) {
    const std::uint32_t block = path_.back().block, way = path_.back().way++;
    if (way < ways_out(blocks_[block])) {
      const std::uint32_t to = way_out(blocks_[block], way);
      if (to == no_block) continue;
      if (seen_[to] == 0) {
        reach(to);
      } else if (rank_[to] == no_rank) {
        back_to_[block] = std::min(back_to_[block], seen_[to]);
      }
      continue;
    }
    left_.push_back(block);
    const std::uint32_t first = path_.back().left;
    path_.pop_back();
    if (!path_.empty()) back_to_[path_.back().block] = std::min(back_to_[path_.back().block], back_to_[block]);
    if (back_to_[block] != seen_[block]) continue;
    for (std::size_t i = first; i < left_.size(); ++i) {
      rank_[left_[i]] = --next_rank_;
      in_order_[next_rank_] = left_[i];
    }
    left_.resize(first);
  }
}

void Blocks::mark_behind_others(bool but_entry) {
  behind_others_.assign(blocks_.size(), 0);
  const auto reach = [&](std::uint32_t block) {
    if (block == no_block || behind_others_[block] != 0) return;
    behind_others_[block] = 1;
    open_.push_back(block);
  };
  for (const std::uint32_t label : labels_) reach(label);
  for (const std::uint32_t root : roots_) {
    if (!but_entry || root != entry_) reach(root);
  }
  while (!open_.empty()) {
    const Block& block = blocks_[open_.back()];
    open_.pop_back();
    for (std::uint32_t way = 0; way < ways_out(block); ++way) reach(way_out(block, way));
  }
}

void Blocks::mark_loops() {
  ways_in_.assign(blocks_.size(), 0);
  // How many ways back begin and end around each rank.
  loops_.assign(blocks_.size() + 1, 0);
  // How many lead over the border before each rank.
  ways_over_.assign(blocks_.size() + 1, 0);
  for (std::uint32_t block = 0; block < blocks_.size(); ++block) {
    for (std::uint32_t way = 0; way < ways_out(blocks_[block]); ++way) {
      const std::uint32_t to = way_out(blocks_[block], way);
      if (to == no_block) continue;
      ++ways_in_[to];
      if (rank_[to] > rank_[block]) continue;
      ++loops_[rank_[to]];
      --loops_[rank_[block] + 1];
      ++ways_over_[rank_[to] + 1];
      --ways_over_[rank_[block] + 1];
    }
  }
  behind_loops_.resize(blocks_.size());
  loop_of_.resize(blocks_.size());
  std::int32_t open = 0, over = 0;
  std::uint32_t loop = 0;
  for (std::uint32_t rank = 0; rank < blocks_.size(); ++rank) {
    over += ways_over_[rank];
    if (over == 0) ++loop;
    loop_of_[rank] = loop;
    open += loops_[rank];
    behind_loops_[in_order_[rank]] = open == 0 ? 1 : 0;
  }
}

}  // namespace isoaudit::analyzer
