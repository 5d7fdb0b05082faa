#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "analyzer/code/evaluator.h"
#include "analyzer/code/function_code.h"

namespace isoaudit::analyzer {

/// What becomes of single addresses that a function's instructions put into registers, on all ways from there. Most are
/// only read through or passed on, and to see that takes a fraction of what it takes to know all that is known of all
/// registers in the whole function.
class AddressWalk {
 public:
  /// An argument of a call or tail call.
  struct Pass {
    std::uint32_t instruction = 0;  ///< its number
    std::uint32_t argument = 0;
    Value value{};
  };

  AddressWalk(const Image& image, const Evaluator& evaluator);

  /// Nothing is found so far of this function, which stays as it is while it is asked of.
  void begin(const FunctionCode& function);
  /// Follows what instruction number `number`, an address or a load, leaves in its register. False when more may come
  /// of it than reads and passes, a store too.
  bool follow(std::uint32_t number);
  /// The same of what the function gets in the register of its argument number `argument`, alone. Where is read through
  /// it is not told; false also when it is kept or handed back.
  bool follow_argument(unsigned argument);

  /// Keeps no more memory than short functions need until something is followed again: who goes through the same
  /// function needs his own.
  void give_room_back();

  /// Where is read, of all that was followed since begin().
  const std::vector<Place>& reads() const { return reads_; }
  const std::vector<Pass>& passes() const { return passes_; }

 private:
  /// General registers, one bit each.
  using Registers = std::uint32_t;
  /// Before an instruction.
  struct Point {
    std::size_t instruction = 0;
    Registers registers = 0;
  };
  /// Another address that is made of the one that is followed.
  struct Derived {
    std::size_t instruction = 0;
    Registers registers = 0;
    Value value{};
  };
  /// Which registers held the value there, on which walk.
  struct Seen {
    std::uint32_t walk = 0;
    Registers registers = 0;
  };

  bool is_argument() const { return value_.kind == Value::Kind::argument; }
  bool follow_value();
  bool go_on(Point point);
  bool reads_through(std::size_t number, Registers registers);
  bool keeps_sight(const Instruction& instruction, Point& point);
  bool passes_on(const Instruction& instruction, const Point& point);
  bool branches_to(std::uint64_t target, Registers registers);
  void derive(std::size_t number, Register to, std::uint64_t address);
  bool leads_into_image(const Value& loaded);
  bool may_store_on_stack(const Instruction& store);
  Registers find_stack_pointers() const;
  bool has_landing_pads();
  void mark_targets();
  Place place_in(const MemoryOperand& memory, const Value& base);

  const Evaluator& evaluator_;
  /// Some function of the image may have landing pads.
  const bool catches_exceptions_;
  const FunctionCode* function_ = nullptr;
  std::vector<Place> reads_{};
  std::vector<Pass> passes_{};
  /// What is followed, where it has to be gone on from, and what comes after it.
  Value value_{};
  std::vector<Point> open_{};
  std::vector<Derived> derived_{};
  /// By number of the instruction.
  std::vector<Seen> seen_{};
  std::uint32_t walk_ = 0;
  /// For all that is followed, or for one argument.
  std::size_t steps_left_ = 0;
  /// Registers that may hold an address of the stack anywhere in the function; 0 when it was not asked yet.
  Registers stack_pointers_ = 0;
  /// Whether control comes in where nothing in the function leads to, once it was asked.
  std::optional<bool> has_landing_pads_{};
  /// Scratch: by number, whether something in the function leads to the instruction.
  std::vector<bool> is_target_{};
  /// Scratch: nothing is known but one register.
  State state_{};
};

}  // namespace isoaudit::analyzer
