#include "analyzer/code/function_flow.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <utility>

#include "analyzer/code/jump_tables.h"

namespace isoaudit::analyzer {
namespace {

/// A block is looked at again only when something that was known no longer is, so it ends by itself; this bounds
/// hostile code, after which blocks start with nothing certain.
constexpr std::size_t most_looks_for_each_block = 24;

/// The same for a function as a whole: most blocks are looked at once or twice.
constexpr std::size_t most_looks_for_a_block_on_average = 8;

/// Each block keeps what is known where it begins, some kilobytes: a longer function is gone through in parts, and
/// nothing is known where a later part begins.
constexpr std::size_t most_blocks_at_once = 1 << 16;

/// What is found behind jumps through tables adds to what may be known at others; the second time nearly nothing.
constexpr unsigned rounds_elsewhere = 2;

constexpr std::size_t no_block = ~std::size_t{0};

struct Block {
  std::size_t first = 0, last = 0;  // last: one past
  /// Where its end leads to: the target of its jump or branch; what follows it.
  std::size_t target = no_block, next = no_block;
};

/// Blocks that have to be looked at, the lowest number first.
class OpenBlocks {
 public:
  void resize(std::size_t blocks) { words_.assign((blocks + 63) / 64, 0); }
  void insert(std::size_t block) {
    words_[block / 64] |= std::uint64_t{1} << block % 64;
    lowest_ = std::min(lowest_, block / 64);
  }
  /// no_block when there is none.
  std::size_t take() {
    for (; lowest_ < words_.size(); ++lowest_) {
      std::uint64_t& word = words_[lowest_];
      if (word == 0) continue;
      const auto bit = static_cast<std::size_t>(std::countr_zero(word));
      word &= word - 1;
      return lowest_ * 64 + bit;
    }
    return no_block;
  }

 private:
  std::vector<std::uint64_t> words_{};
  std::size_t lowest_ = 0;
};

class Flow {
 public:
  Flow(const Evaluator& evaluator, const FunctionCode& code, Surroundings& around)
      : evaluator_(evaluator), code_(code), around_(around) {
    cut_into_blocks();
  }

  std::span<const Block> blocks() const { return blocks_; }

  /// `from_entry`: the first block is where callers come in.
  void run(const Visit& visit, bool from_entry) {
    entries_.resize(blocks_.size());
    looks_.resize(blocks_.size());
    open_.resize(blocks_.size());
    const std::vector<std::size_t> roots = put_in_order();
    if (from_entry && entry_ != no_block) {
      enter(entry_, entry_state(evaluator_.convention()));
      settle();
    }
    for (unsigned round = 0; round < rounds_elsewhere; ++round) {
      if (!from_elsewhere(roots, from_entry)) break;
      settle();
    }
    State& state = working_;
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      state = std::move(entries_[block]);
      for (std::size_t i = blocks_[block].first; i < blocks_[block].last; ++i) {
        // Some label in here is reached in a way that is not known.
        if (code_.jumps_unknown) weaken(state);
        visit(state, code_.instructions[i]);
        apply(state, code_.instructions[i]);
      }
    }
  }

 private:
  /// Tables of jumps and landing pads lead to blocks too: what may hold there is what may hold at some jump through a
  /// table or behind some call. False when there are no such blocks.
  bool from_elsewhere(const std::vector<std::size_t>& roots, bool from_entry) {
    if (labels_.empty() && roots.size() <= (from_entry ? 1 : 0)) return false;
    std::optional<State> elsewhere;
    State& state = working_;
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      if (looks_[block] == 0) continue;
      state = entries_[block];
      for (std::size_t i = blocks_[block].first; i < blocks_[block].last; ++i) {
        const Instruction& instruction = code_.instructions[i];
        apply(state, instruction);
        if (instruction.op != Op::call && !goes_through_table(instruction)) continue;
        if (elsewhere) {
          merge(*elsewhere, state);
        } else {
          elsewhere = state;
        }
      }
    }
    if (!elsewhere) elsewhere.emplace();
    weaken(*elsewhere);
    for (const std::size_t root : roots) {
      if (!from_entry || root != entry_) enter(root, *elsewhere);
    }
    for (const std::size_t label : labels_) enter(label, *elsewhere);
    return true;
  }

  bool only_pads(const Block& block) const {
    for (std::size_t i = block.first; i < block.last; ++i) {
      const Instruction& instruction = code_.instructions[i];
      if (instruction.op != Op::other || instruction.clobbers != 0 || instruction.writes_memory) return false;
    }
    return true;
  }

  void cut_into_blocks() {
    const auto& instructions = code_.instructions;
    std::vector<bool> starts(instructions.size() + 1, false);
    if (!instructions.empty()) starts[0] = true;
    if (const std::ptrdiff_t begin = code_.index_of(code_.begin); begin >= 0)
      starts[static_cast<std::size_t>(begin)] = true;
    for (const std::uint64_t label : code_.labels) {
      if (const std::ptrdiff_t index = code_.index_of(label); index >= 0)
        starts[static_cast<std::size_t>(index)] = true;
    }
    std::vector<std::pair<std::size_t, std::size_t>> jumps;
    for (std::size_t i = 0; i < instructions.size(); ++i) {
      const Instruction& instruction = instructions[i];
      const bool hole = i + 1 < instructions.size() && instructions[i + 1].address != instruction.next();
      const bool ends = instruction.ends_block() || instruction.is_branch();
      if (ends || hole) starts[i + 1] = true;
      if (!ends || !instruction.has_target) continue;
      const std::ptrdiff_t target = code_.index_of(instruction.target);
      if (target < 0) continue;
      starts[static_cast<std::size_t>(target)] = true;
      jumps.emplace_back(i, target);
    }
    for (std::size_t i = 0; i < instructions.size(); ++i) {
      if (starts[i]) blocks_.push_back({i, i});
      blocks_.back().last = i + 1;
    }
    const auto block_of = [&](std::size_t instruction) {
      return static_cast<std::size_t>(std::ranges::lower_bound(blocks_, instruction, {}, &Block::first) -
                                      blocks_.begin());
    };
    if (const std::ptrdiff_t begin = code_.index_of(code_.begin); begin >= 0) {
      entry_ = block_of(static_cast<std::size_t>(begin));
    } else if (!blocks_.empty()) {
      entry_ = 0;
    }
    for (const std::uint64_t label : code_.labels) {
      if (const std::ptrdiff_t i = code_.index_of(label); i >= 0)
        labels_.push_back(block_of(static_cast<std::size_t>(i)));
    }
    auto jump = jumps.begin();
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      const std::size_t end = blocks_[block].last;
      const Instruction& last = instructions[end - 1];
      // An instruction that jumps ends its block, so both lists are in one order.
      if (jump != jumps.end() && jump->first == end - 1) blocks_[block].target = block_of(jump++->second);
      const bool falls = !last.ends_block() && end < instructions.size() && instructions[end].address == last.next();
      if (falls) blocks_[block].next = block + 1;
    }
  }

  /// Numbers the blocks so that, loops aside, each comes after all that lead to it (reverse postorder): most are then
  /// looked at once. Compilers' own order is another one, they put the unlikely ways back into a function at its end.
  /// Returns where control comes in: the first block and those that no other leads to.
  std::vector<std::size_t> put_in_order() {
    std::vector<std::size_t> roots;
    std::vector<std::uint8_t> seen(blocks_.size());
    // A block and the number of ways out of it that were followed.
    std::vector<std::pair<std::size_t, unsigned>> path;
    rank_.resize(blocks_.size());
    in_order_.resize(blocks_.size());
    std::size_t rank = blocks_.size();
    const auto follow = [&](std::size_t block) {
      if (block == no_block || seen[block] != 0) return;
      seen[block] = 1;
      path.emplace_back(block, 0);
    };
    for (std::size_t i = 0; i <= blocks_.size(); ++i) {
      // Where callers come in is first, wherever that lies.
      const std::size_t root = i == 0 ? entry_ : i - 1;
      if (root == no_block || seen[root] != 0) continue;
      // What fills the gap behind a jump leads nowhere.
      if (root != entry_ && only_pads(blocks_[root])) blocks_[root].next = no_block;
      roots.push_back(root);
      follow(root);
      while (!path.empty()) {
        const std::size_t block = path.back().first;
        switch (path.back().second++) {
          case 0: follow(blocks_[block].target); break;
          case 1: follow(blocks_[block].next); break;
          default:
            path.pop_back();
            rank_[block] = --rank;
            in_order_[rank] = block;
        }
      }
    }
    return roots;
  }

  void enter(std::size_t block, const State& state) {
    if (looks_[block] == 0) {
      entries_[block] = state;
      looks_[block] = 1;
    } else if (!merge(entries_[block], state)) {
      return;
    }
    open_.insert(rank_[block]);
  }

  void settle() {
    for (std::size_t rank = open_.take(); rank != no_block; rank = open_.take()) {
      const std::size_t block = in_order_[rank];
      const bool worn_out = ++all_looks_ > blocks_.size() * most_looks_for_a_block_on_average + 1000;
      if (++looks_[block] > most_looks_for_each_block || worn_out) {
        if (looks_[block] > most_looks_for_each_block + 1) continue;
        looks_[block] = most_looks_for_each_block + 1;
        weaken(entries_[block]);
      }
      State& state = working_;
      state = entries_[block];
      for (std::size_t i = blocks_[block].first; i < blocks_[block].last; ++i) apply(state, code_.instructions[i]);
      leave(blocks_[block], state);
    }
  }

  void leave(const Block& block, State& state) {
    const Instruction& last = code_.instructions[block.last - 1];
    const bool parts = last.is_branch() && block.target != no_block && block.next != no_block;
    const std::uint32_t lock = state.lock;
    const std::uint8_t depth = state.lock_depth;
    if (parts) around_.along_branch(state, last, true);
    if (block.target != no_block) enter(block.target, state);
    state.lock = lock, state.lock_depth = depth;
    if (parts) around_.along_branch(state, last, false);
    if (block.next != no_block) enter(block.next, state);
  }

  void apply(State& state, const Instruction& instruction) const {
    if (instruction.op == Op::call) {
      around_.call(state, instruction);
    } else {
      evaluator_.step(state, instruction, nullptr, nullptr);
    }
  }

  const Evaluator& evaluator_;
  const FunctionCode& code_;
  Surroundings& around_;
  std::vector<Block> blocks_{};
  /// Where callers come in; no_block when there is no code.
  std::size_t entry_ = no_block;
  /// Where tables of jumps lead.
  std::vector<std::size_t> labels_{};
  /// What is known where each block begins; of meaning when looks_ says that it was entered.
  std::vector<State> entries_{};
  /// How often each block was looked at, and 1 more: 0 means never entered.
  std::vector<std::size_t> looks_{};
  /// A block's place in the order in which blocks are looked at, and back.
  std::vector<std::size_t> rank_{}, in_order_{};
  OpenBlocks open_{};
  /// Kept, so that its memory is asked for once.
  State working_{};
  std::size_t all_looks_ = 0;
};

}  // namespace

std::ptrdiff_t FunctionCode::index_of(std::uint64_t address) const {
  const auto found = std::ranges::lower_bound(instructions, address, {}, &Instruction::address);
  return found != instructions.end() && found->address == address ? found - instructions.begin() : -1;
}

void decode_function(const Image& image, Decoder& decoder, const FunctionRange& range, FunctionCode& out) {
  out.begin = range.begin;
  out.end = range.end;
  out.instructions.clear();
  out.undecoded = 0;
  out.labels.clear();
  out.jumps_unknown = false;
  const Section* section = image.section_at(range.begin);
  if (section == nullptr) return;
  bool locked = false;
  for (std::uint64_t at = range.begin; at < range.end;) {
    const std::uint64_t offset = at - section->address;
    if (offset >= section->bytes.size()) return;
    Instruction instruction;
    if (!decoder.decode(section->bytes.subspan(offset), at, instruction)) {
      const std::uint64_t skip = image.machine == Machine::aarch64 ? 4 : 1;
      out.undecoded += skip;
      at += skip;
      locked = false;
      continue;
    }
    at = instruction.next();
    // The lock prefix comes as an instruction of its own.
    const bool prefix = instruction.op == Op::other && instruction.atomic && !instruction.has_memory;
    if (locked) instruction.atomic = true;
    locked = prefix;
    out.instructions.push_back(instruction);
  }
  find_labels(image, out);
}

void flow_through(const Evaluator& evaluator, const FunctionCode& code, Surroundings& around, const Visit& visit) {
  Flow whole(evaluator, code, around);
  const std::span<const Block> blocks = whole.blocks();
  if (blocks.size() <= most_blocks_at_once) return whole.run(visit, true);
  for (std::size_t first = 0; first < blocks.size(); first += most_blocks_at_once) {
    const auto part_blocks = blocks.subspan(first, std::min(most_blocks_at_once, blocks.size() - first));
    FunctionCode part{.begin = code.begin, .end = code.end};
    part.instructions.assign(code.instructions.begin() + static_cast<std::ptrdiff_t>(part_blocks.front().first),
                             code.instructions.begin() + static_cast<std::ptrdiff_t>(part_blocks.back().last));
    Flow(evaluator, part, around).run(visit, first == 0);
  }
}

}  // namespace isoaudit::analyzer
