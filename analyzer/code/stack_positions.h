#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "analyzer/code/decoder.h"
#include "analyzer/code/function_code.h"

namespace isoaudit::analyzer {

/// Where the stack pointer and the frame pointer stand before each instruction of a function, counted from the stack
/// pointer at its entry. Compilers let both stand at one place wherever an instruction is reached from, so each is
/// looked at once.
class StackPositions {
 public:
  /// False where that is not seen, as where control comes in unseen, names the stack and is no landing pad.
  bool find(const FunctionCode& function, const CallingConvention& convention);
  /// Keeps no memory until something is found again.
  void give_room_back() { positions_ = {}; }

  /// None where the register is neither, or holds something else.
  std::optional<std::int64_t> held_in(Register number, std::size_t instruction) const {
    if (!convention_->is_frame(number)) return std::nullopt;
    const Position& position = positions_[instruction];
    const std::int32_t place = number == convention_->stack_pointer ? position.stack : position.frame;
    return place == nowhere ? std::nullopt : std::optional<std::int64_t>(place);
  }
  /// Where an access by one of them goes; none where that is another register's or an index's matter.
  std::optional<std::int64_t> place_of(const MemoryOperand& memory, std::size_t instruction) const {
    if (!convention_->is_frame(memory.base) || memory.segment || memory.index != no_register) return std::nullopt;
    const std::optional<std::int64_t> base = held_in(memory.base, instruction);
    return base ? std::optional(*base + memory.displacement) : std::nullopt;
  }
  /// Bytes of the stack that an instruction reads or writes by one of them; of a push of what memory holds, those that
  /// it reads.
  struct Access {
    std::int64_t place = 0, bytes = 0;
  };
  std::optional<Access> access_of(std::size_t number, const Instruction& instruction) const {
    if (!instruction.names_frame) return std::nullopt;
    const bool pushes = instruction.op == Op::push && !instruction.has_memory;
    if (pushes || instruction.op == Op::pop) {
      const auto top = held_in(convention_->stack_pointer, number);
      return top ? std::optional<Access>({pushes ? *top - 8 : *top, 8}) : std::nullopt;
    }
    if (!instruction.has_memory || instruction.op == Op::address) return std::nullopt;
    const auto place = place_of(instruction.memory, number);
    const std::int64_t bytes = std::max(instruction.bytes(), 1u);
    return place ? std::optional<Access>({*place, bytes}) : std::nullopt;
  }
  bool is_reached(std::size_t instruction) const { return positions_[instruction].stack != nowhere; }
  /// The function lets the stack begin at a multiple of more than callers keep to: what lies above its own variables is
  /// farther away than it is said here.
  bool is_realigned() const { return realigned_; }

 private:
  static constexpr std::int32_t nowhere = std::numeric_limits<std::int32_t>::min();
  struct Position {
    std::int32_t stack = nowhere, frame = nowhere;
  };
  struct Point {
    std::size_t instruction = 0;
    Position position{};
  };

  bool go_on_from_open();
  bool go_on(Point point);
  void note_call(const Position& position);
  void lead_to(std::uint64_t address, const Position& position);
  bool move(std::size_t number, Position& position);
  bool replace(std::size_t number, const std::optional<std::int64_t>& made, Position& position) const;
  static bool put(std::int64_t place, std::int32_t& into);

  const FunctionCode* function_ = nullptr;
  const CallingConvention* convention_ = nullptr;
  bool realigned_ = false, labels_led_to_ = false;
  /// Where both stand at calls, and nothing is pushed.
  Position at_calls_{};
  std::vector<Position> positions_{};
  std::vector<Point> open_{};
};

}  // namespace isoaudit::analyzer
