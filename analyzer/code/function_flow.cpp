#include "analyzer/code/function_flow.h"

#include <algorithm>
#include <optional>
#include <span>

namespace isoaudit::analyzer {
namespace {

/// A block is looked at again only when something that was known no longer is, so it ends by itself; this bounds
/// hostile code, after which blocks start with nothing known.
constexpr std::size_t most_looks_for_each_block = 24;

/// The same for a function as a whole: most blocks are looked at once or twice.
constexpr std::size_t most_looks_for_a_block_on_average = 8;

/// Each block keeps what is known where it begins, some kilobytes: a longer function is gone through in parts, and
/// nothing is known where a later part begins.
constexpr std::size_t most_blocks_at_once = 1 << 16;

struct Block {
  std::size_t first = 0, last = 0;  // last: one past
};

class Flow {
 public:
  Flow(const Evaluator& evaluator, const FunctionCode& code,
       const std::function<Value(const State&, const Instruction&)>& result_of)
      : evaluator_(evaluator), code_(code), result_of_(result_of) {
    cut_into_blocks();
  }

  std::span<const Block> blocks() const { return blocks_; }

  /// `from_entry`: the first block is where callers come in.
  void run(const Visit& visit, bool from_entry) {
    entries_.resize(blocks_.size());
    looks_.resize(blocks_.size());
    if (from_entry && !blocks_.empty()) {
      enter(0, entry_state(evaluator_.convention()));
      settle();
    }
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      if (entries_[block]) continue;
      // Reached in a way that is not known.
      State nothing;
      nothing.general[evaluator_.convention().stack_pointer] = {};
      enter(block, nothing);
      settle();
    }
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      State state = *entries_[block];
      for (std::size_t i = blocks_[block].first; i < blocks_[block].last; ++i) {
        visit(state, code_.instructions[i]);
        apply(state, code_.instructions[i]);
      }
    }
  }

 private:
  void cut_into_blocks() {
    const auto& instructions = code_.instructions;
    std::vector<bool> starts(instructions.size() + 1, false);
    if (!instructions.empty()) starts[0] = true;
    for (std::size_t i = 0; i < instructions.size(); ++i) {
      const Instruction& instruction = instructions[i];
      const bool hole = i + 1 < instructions.size() && instructions[i + 1].address != instruction.next();
      if (instruction.ends_block() || instruction.is_branch() || hole) starts[i + 1] = true;
      if (!instruction.has_target || instruction.op == Op::call) continue;
      if (const std::ptrdiff_t target = code_.index_of(instruction.target); target >= 0) starts[target] = true;
    }
    block_of_.resize(instructions.size());
    for (std::size_t i = 0; i < instructions.size(); ++i) {
      if (starts[i]) blocks_.push_back({i, i});
      blocks_.back().last = i + 1;
      block_of_[i] = blocks_.size() - 1;
    }
  }

  void enter(std::size_t block, const State& state) {
    if (!entries_[block]) {
      entries_[block] = state;
    } else if (!merge(*entries_[block], state)) {
      return;
    }
    open_.push_back(block);
  }

  void settle() {
    while (!open_.empty()) {
      const std::size_t block = open_.back();
      open_.pop_back();
      const bool worn_out = ++all_looks_ > blocks_.size() * most_looks_for_a_block_on_average + 1000;
      if (++looks_[block] > most_looks_for_each_block || worn_out) {
        if (looks_[block] > most_looks_for_each_block + 1) continue;
        looks_[block] = most_looks_for_each_block + 1;
        *entries_[block] = State{};
      }
      State state = *entries_[block];
      for (std::size_t i = blocks_[block].first; i < blocks_[block].last; ++i) apply(state, code_.instructions[i]);
      const Instruction& last = code_.instructions[blocks_[block].last - 1];
      if (last.has_target && last.op != Op::call) {
        if (const std::ptrdiff_t target = code_.index_of(last.target); target >= 0) enter(block_of_[target], state);
      }
      const std::size_t next = blocks_[block].last;
      if (!last.ends_block() && next < code_.instructions.size() && code_.instructions[next].address == last.next()) {
        enter(block_of_[next], state);
      }
    }
  }

  void apply(State& state, const Instruction& instruction) const {
    if (instruction.op == Op::call) {
      const Value result = result_of_(state, instruction);
      evaluator_.after_call(state, result);
    } else {
      evaluator_.step(state, instruction, nullptr, nullptr);
    }
  }

  const Evaluator& evaluator_;
  const FunctionCode& code_;
  const std::function<Value(const State&, const Instruction&)>& result_of_;
  std::vector<Block> blocks_{};
  std::vector<std::size_t> block_of_{};
  std::vector<std::optional<State>> entries_{};
  std::vector<std::size_t> looks_{};
  std::vector<std::size_t> open_{};
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
}

void flow_through(const Evaluator& evaluator, const FunctionCode& code,
                  const std::function<Value(const State&, const Instruction&)>& result_of, const Visit& visit) {
  Flow whole(evaluator, code, result_of);
  const std::span<const Block> blocks = whole.blocks();
  if (blocks.size() <= most_blocks_at_once) return whole.run(visit, true);
  for (std::size_t first = 0; first < blocks.size(); first += most_blocks_at_once) {
    const auto part_blocks = blocks.subspan(first, std::min(most_blocks_at_once, blocks.size() - first));
    FunctionCode part{.begin = code.begin, .end = code.end};
    part.instructions.assign(code.instructions.begin() + static_cast<std::ptrdiff_t>(part_blocks.front().first),
                             code.instructions.begin() + static_cast<std::ptrdiff_t>(part_blocks.back().last));
    Flow(evaluator, part, result_of).run(visit, first == 0);
  }
}

}  // namespace isoaudit::analyzer
