#include "analyzer/code/split_functions.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>

namespace isoaudit::analyzer {
namespace {

/// Sets of functions that belong together, each with one of them as its mark.
class Sets {
 public:
  explicit Sets(std::size_t size) : mark_(size) { std::iota(mark_.begin(), mark_.end(), 0u); }

  std::uint32_t mark_of(std::uint32_t number) {
    while (mark_[number] != number) number = mark_[number] = mark_[mark_[number]];
    return number;
  }
  void join(std::uint32_t a, std::uint32_t b) { mark_[mark_of(a)] = mark_of(b); }

 private:
  std::vector<std::uint32_t> mark_;
};

}  // namespace

bool SplitFunctions::note(std::size_t index, const FunctionCode& function) {
  const FunctionRange& range = code_.functions()[index];
  const auto from = static_cast<std::uint32_t>(index);
  bool linked = false;
  for (const std::uint32_t number : function.outward) {
    const Instruction& instruction = function.instructions[number];
    if (!instruction.has_target || (instruction.target >= range.begin && instruction.target < range.end)) continue;
    const bool call = instruction.op == Op::call;
    const std::ptrdiff_t found = call ? code_.called_function(instruction) : code_.function_at(instruction.target);
    if (found < 0) continue;
    const auto to = static_cast<std::uint32_t>(found);
    if (call) {
      called_[to] = true;
    } else if (instruction.op == Op::jump && instruction.target == code_.functions()[to].begin) {
      jumps_.emplace_back(from, to);
    } else {
      if (!linked) pieces_.push_back(from);
      linked = true;
      if (links_.empty() || links_.back() != std::pair(from, to)) links_.emplace_back(from, to);
    }
  }
  return linked;
}

/// By a call, by name, by a table, or by whoever got its address.
std::vector<bool> SplitFunctions::entered(const CodeGraph& graph) const {
  std::vector<bool> entered = called_;
  for (const EntryIntoFunction& entry : graph.entries()) entered[entry.function] = true;
  for (const auto& [giver, taken] : graph.takes()) entered[taken] = true;
  for (const auto& [giver, taken] : graph.at_exit()) entered[taken] = true;
  for (const std::size_t function : graph.exported()) entered[function] = true;
  const std::vector<FunctionRange>& functions = code_.functions();
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const std::string_view name = functions[i].name;
    if (!name.empty()) entered[i] = !is_part_name(name);
  }
  // Functions that end with a jump to it: one may be the rest of it, several are its callers.
  std::map<std::uint32_t, std::uint32_t> only;
  for (const auto& [from, to] : jumps_) {
    if (const auto [row, fresh] = only.emplace(to, from); !fresh && row->second != from) entered[to] = true;
  }
  return entered;
}

std::vector<std::vector<std::uint32_t>> SplitFunctions::groups(const CodeGraph& graph) const {
  const std::vector<bool> is_entered = entered(graph);
  std::vector<bool> is_piece(is_entered.size(), false);
  for (const std::uint32_t piece : pieces_) is_piece[piece] = true;
  Sets sets(is_entered.size());
  for (const Edges* edges : {&links_, &jumps_}) {
    for (const auto& [from, to] : *edges) {
      // Two functions that callers enter are two; what never comes back was read by itself.
      if (is_piece[from] && is_piece[to] && !(is_entered[from] && is_entered[to])) sets.join(from, to);
    }
  }
  std::map<std::uint32_t, std::vector<std::uint32_t>> together;
  for (const std::uint32_t piece : pieces_) together[sets.mark_of(piece)].push_back(piece);
  std::vector<std::vector<std::uint32_t>> groups;
  for (auto& [mark, group] : together) {
    const auto first = std::ranges::find_if(group, [&](std::uint32_t piece) { return is_entered[piece]; });
    std::uint64_t bytes = 0;
    for (const std::uint32_t piece : group) bytes += code_.functions()[piece].end - code_.functions()[piece].begin;
    const auto count = std::ranges::count_if(group, [&](std::uint32_t piece) { return is_entered[piece]; });
    if (count == 1 && bytes <= longest_function) {
      std::rotate(group.begin(), first, first + 1);
      groups.push_back(std::move(group));
    } else {
      for (const std::uint32_t piece : group) groups.push_back({piece});
    }
  }
  std::ranges::sort(groups);
  return groups;
}

}  // namespace isoaudit::analyzer
