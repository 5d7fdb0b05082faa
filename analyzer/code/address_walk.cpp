#include "analyzer/code/address_walk.h"

#include <algorithm>
#include <utility>

namespace isoaudit::analyzer {
namespace {

/// Steps for each instruction of a function: what takes more is not cheaper than to know all.
constexpr std::size_t steps_for_each_instruction = 4;

/// What was needed for functions of more instructions is not kept.
constexpr std::size_t most_kept = 4096;

constexpr std::uint32_t bit(Register number) { return number < first_vector ? std::uint32_t{1} << number : 0; }

/// Registers that get what the instruction makes or loads.
std::uint32_t made(const Instruction& instruction) {
  return bit(instruction.dst) | (instruction.loads_second() ? bit(instruction.src2) : 0);
}

/// Registers that get another value.
std::uint32_t replaced(const Instruction& instruction) {
  return static_cast<std::uint32_t>(instruction.clobbers) | made(instruction);
}

std::uint32_t named(const Instruction& instruction) {
  return bit(instruction.src) | bit(instruction.src2) | bit(instruction.memory.base) | bit(instruction.memory.index);
}

/// x86-64 reads and writes registers that these do not name.
bool has_fixed_registers(Op op) { return op == Op::fill || op == Op::move_block || op == Op::compare_exchange; }

/// Windows' tables have them among much else.
bool may_catch_exceptions(const Image& image) {
  const auto is_table = [](const Section& section) {
    return section.name.starts_with(".gcc_except_table") || section.name.ends_with(",__gcc_except_tab");
  };
  return image.format == model::BinaryFormat::pe || std::ranges::any_of(image.sections, is_table);
}

}  // namespace

AddressWalk::AddressWalk(const Image& image, const Evaluator& evaluator)
    : evaluator_(evaluator), catches_exceptions_(may_catch_exceptions(image)) {}

void AddressWalk::begin(const FunctionCode& function) {
  function_ = &function;
  reads_.clear();
  passes_.clear();
  stack_pointers_ = 0;
  has_landing_pads_.reset();
  steps_left_ = function.instructions.size() * steps_for_each_instruction;
}

void AddressWalk::give_room_back() {
  if (seen_.size() <= most_kept) return;
  seen_ = {};
  is_target_ = {};
}

bool AddressWalk::follow(std::uint32_t number) {
  const Instruction& first = function_->instructions[number];
  if (bit(first.dst) == 0 || (first.op != Op::address && first.op != Op::load)) return false;
  const Place place = evaluator_.place(state_, first.memory);
  if (place.kind != Place::Kind::image || place.indexed) return false;
  if (first.op == Op::load) {
    if (first.width != 8) return false;
    value_ = evaluator_.load(state_, place, first.width, nullptr);
  } else {
    value_ = {Value::Kind::address, 0, place.at};
  }
  if (value_.kind != Value::Kind::address && value_.kind != Value::Kind::held) return false;
  derived_.assign(1, {number, bit(first.dst), value_});
  while (!derived_.empty()) {
    const Derived next = derived_.back();
    derived_.pop_back();
    value_ = next.value;
    ++walk_;
    open_.clear();
    if (function_->code_follows(next.instruction)) open_.push_back({next.instruction + 1, next.registers});
    if (!follow_value()) return false;
  }
  return true;
}

bool AddressWalk::follow_argument(unsigned argument) {
  const std::ptrdiff_t entry = function_->index_of(function_->begin);
  if (entry < 0) return false;
  passes_.clear();
  steps_left_ = function_->instructions.size() * steps_for_each_instruction;
  value_ = {Value::Kind::argument, 0, argument};
  ++walk_;
  derived_.clear();
  open_.assign(1, {static_cast<std::size_t>(entry), bit(evaluator_.convention().arguments[argument])});
  return follow_value();
}

bool AddressWalk::follow_value() {
  if (seen_.size() < function_->instructions.size()) seen_.resize(function_->instructions.size());
  while (!open_.empty()) {
    const Point point = open_.back();
    open_.pop_back();
    if (!go_on(point)) return false;
  }
  return true;
}

/// To where no register holds the value any more, where it was seen before, or where control leaves. What becomes of
/// one register does not hang on the others.
bool AddressWalk::go_on(Point point) {
  for (;; ++point.instruction) {
    Seen& seen = seen_[point.instruction];
    if (seen.walk == walk_) {
      point.registers &= ~seen.registers;
    } else {
      seen = {walk_, 0};
    }
    if (point.registers == 0) return true;
    seen.registers |= point.registers;
    if (steps_left_ == 0) return false;
    --steps_left_;
    const Instruction& instruction = function_->instructions[point.instruction];
    if (instruction.op == Op::call || instruction.op == Op::jump) {
      if (stays_inside(*function_, instruction)) {
        return branches_to(instruction.target, point.registers);
      }
      if (!passes_on(instruction, point)) return false;
      if (instruction.ends_block()) return true;
      const CallingConvention& convention = evaluator_.convention();
      point.registers &= ~(static_cast<Registers>(convention.clobbered) | bit(convention.result));
      // What is called may throw, and then the value is where its exception is caught.
      if (catches_exceptions_ && point.registers != 0 && has_landing_pads()) return false;
    } else if (instruction.ends_block()) {
      const bool hands_back =
          instruction.op == Op::result && is_argument() && (bit(evaluator_.convention().result) & point.registers) != 0;
      return !hands_back;
    } else if (instruction.is_branch()) {
      if (!branches_to(instruction.target, point.registers)) return false;
    } else if (((named(instruction) | replaced(instruction)) & point.registers) != 0 ||
               has_fixed_registers(instruction.op)) {
      if (!reads_through(point.instruction, point.registers) || !keeps_sight(instruction, point)) return false;
    }
    if (point.registers == 0 || !function_->code_follows(point.instruction)) return true;
  }
}

/// What else is known than the base does not matter.
Place AddressWalk::place_in(const MemoryOperand& memory, const Value& base) {
  state_.general[memory.base] = base;
  const Place place = evaluator_.place(state_, memory);
  state_.general[memory.base] = {};
  return place;
}

/// A pointer to writable memory, or a variable that was one when the image was loaded.
bool AddressWalk::leads_into_image(const Value& loaded) {
  if (may_point(loaded)) return true;
  return loaded.kind == Value::Kind::held && place_in({.base = 0}, loaded).kind == Place::Kind::image;
}

/// False when the instruction writes through the value, or takes another address by it that is not followed.
bool AddressWalk::reads_through(std::size_t number, Registers registers) {
  const Instruction& instruction = function_->instructions[number];
  const MemoryOperand& memory = instruction.memory;
  if ((bit(memory.index) & registers) != 0) return false;
  if ((bit(memory.base) & registers) == 0 || instruction.op == Op::address) return true;
  if (!instruction.has_memory || instruction.writes_memory || memory.index != no_register || memory.segment ||
      memory.writeback != 0)
    return false;
  const Place place = place_in(memory, value_);
  if (place.kind == Place::Kind::argument) return true;
  if (place.kind != Place::Kind::image || place.last != place.at) return false;
  const unsigned words = std::max(1u, (instruction.width + 7u) / 8u) * (instruction.pair ? 2u : 1u);
  // Who calls through it does not keep it.
  for (unsigned i = 0; i < words && instruction.op != Op::call && instruction.op != Op::jump; ++i) {
    const Value loaded = evaluator_.load(state_, place.plus(std::uint64_t{8} * i), 8, nullptr);
    if (!leads_into_image(loaded)) continue;
    const bool whole = instruction.op == Op::load && instruction.width == 8 && !instruction.pair;
    if (!whole || bit(instruction.dst) == 0) return false;
    derived_.push_back({number, bit(instruction.dst), loaded});
  }
  reads_.push_back(place);
  return true;
}

/// Leaves the registers that hold the value behind the instruction; false when it goes where it is not followed.
bool AddressWalk::keeps_sight(const Instruction& instruction, Point& point) {
  const Registers sources = bit(instruction.src) | (instruction.loads_second() ? 0 : bit(instruction.src2));
  const bool is_source = (sources & point.registers) != 0;
  const bool is_held = value_.kind == Value::Kind::held;
  Registers holds = 0;
  switch (instruction.op) {
    case Op::address: {
      if ((bit(instruction.memory.base) & point.registers) == 0) break;
      const Place place = place_in(instruction.memory, value_);
      if (is_argument()) {
        holds = bit(instruction.dst);
        break;
      }
      if (is_held || place.kind != Place::Kind::image || place.indexed || bit(instruction.dst) == 0) return false;
      derive(point.instruction, instruction.dst, place.at);
      break;
    }
    case Op::add:
      if (!is_source) break;
      if (is_held || !instruction.has_immediate || instruction.width != 8 || bit(instruction.dst) == 0) return false;
      if (is_argument()) {
        holds = bit(instruction.dst);
        break;
      }
      derive(point.instruction, instruction.dst, value_.bits + static_cast<std::uint64_t>(instruction.immediate));
      break;
    case Op::copy:
      if (!is_source) break;
      if (bit(instruction.dst) == 0) return false;
      // Half an address is none.
      if (instruction.width != 4 || is_held) holds = bit(instruction.dst);
      break;
    case Op::store:
      if (is_source && (is_argument() || may_store_on_stack(instruction))) return false;
      break;
    case Op::compute:
      if (is_source && is_held) return false;
      break;
    case Op::other:
    case Op::load:
    case Op::compare:
    case Op::test:
    case Op::pop: break;
    case Op::fill:
    case Op::move_block: {
      constexpr Registers fixed = bit(0) | bit(1) | bit(6) | bit(7);
      if ((fixed & point.registers) != 0) return false;
      break;
    }
    case Op::compare_exchange:
      if (is_source || (bit(0) & point.registers) != 0) return false;
      break;
    default:
      if (is_source) return false;
      break;
  }
  point.registers = (point.registers & ~replaced(instruction)) | holds;
  return true;
}

void AddressWalk::derive(std::size_t number, Register to, std::uint64_t address) {
  derived_.push_back({number, bit(to), {Value::Kind::address, 0, address}});
}

bool AddressWalk::may_store_on_stack(const Instruction& store) {
  if (stack_pointers_ == 0) stack_pointers_ = find_stack_pointers();
  const MemoryOperand& memory = store.memory;
  return memory.segment || ((bit(memory.base) | bit(memory.index)) & stack_pointers_) != 0;
}

/// Whatever is made of one may be one.
AddressWalk::Registers AddressWalk::find_stack_pointers() const {
  const CallingConvention& convention = evaluator_.convention();
  const Registers frame = bit(convention.stack_pointer) | bit(convention.frame_pointer);
  Registers found = frame;
  bool kept = false;
  for (Registers before = 0; before != found;) {
    before = found;
    for (const Instruction& instruction : function_->instructions) {
      const Registers values = bit(instruction.src) | bit(instruction.src2);
      const Registers memory = bit(instruction.memory.base) | bit(instruction.memory.index);
      const bool saves = instruction.op == Op::push || instruction.writes_memory;
      // The frame pointer itself is saved where a function begins.
      if (saves && (values & found & ~frame) != 0) kept = true;
      const bool loads = instruction.op == Op::pop || (instruction.has_memory && instruction.op != Op::address);
      const bool makes = ((values | (loads ? 0 : memory)) & found) != 0;
      const bool loads_kept = kept && loads && (instruction.op == Op::pop || (memory & found) != 0);
      if (!saves && (makes || loads_kept)) found |= made(instruction);
    }
  }
  return found;
}

void AddressWalk::mark_targets() {
  is_target_.assign(function_->instructions.size(), false);
  const auto mark = [&](std::uint64_t address) {
    if (const std::ptrdiff_t index = function_->index_of(address); index >= 0) {
      is_target_[static_cast<std::size_t>(index)] = true;
    }
  };
  mark(function_->begin);
  for (const std::uint64_t label : function_->labels) mark(label);
  for (const std::uint32_t number : function_->outward) {
    const Instruction& instruction = function_->instructions[number];
    if (instruction.has_target && instruction.op != Op::call) mark(instruction.target);
  }
}

/// What fills the gap behind a jump is none.
bool AddressWalk::has_landing_pads() {
  if (has_landing_pads_) return *has_landing_pads_;
  mark_targets();
  const auto& all = function_->instructions;
  bool comes_in = true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0 && (all[i - 1].ends_block() || !function_->code_follows(i - 1))) comes_in = false;
    if (is_target_[i]) comes_in = true;
    const bool fills = all[i].op == Op::stop || (all[i].op == Op::other && all[i].clobbers == 0);
    if (!comes_in && !fills) return *(has_landing_pads_ = true);
  }
  return *(has_landing_pads_ = false);
}

/// False when it is not plain who is called with it.
bool AddressWalk::passes_on(const Instruction& instruction, const Point& point) {
  const bool through_table = instruction.op == Op::jump && !instruction.has_target && !instruction.names_address();
  if (through_table) return false;
  const bool named_by_value = !instruction.has_target && (named(instruction) & point.registers) != 0;
  if (named_by_value && !reads_through(point.instruction, point.registers)) return false;
  if (named_by_value && (bit(instruction.src) & point.registers) != 0) return false;
  const auto& arguments = evaluator_.convention().arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if ((bit(arguments[i]) & point.registers) == 0) continue;
    if (!instruction.has_target && !instruction.names_address()) return false;
    passes_.push_back({static_cast<std::uint32_t>(point.instruction), static_cast<std::uint32_t>(i), value_});
  }
  return true;
}

/// False where that is elsewhere.
bool AddressWalk::branches_to(std::uint64_t target, Registers registers) {
  const std::ptrdiff_t index = function_->index_of(target);
  if (index >= 0) open_.push_back({static_cast<std::size_t>(index), registers});
  return index >= 0;
}

}  // namespace isoaudit::analyzer
