#include "analyzer/code/evaluator.h"

namespace isoaudit::analyzer {
namespace {

/// Visual C++'s guard of a local static, 0 at first, is compared with the thread's epoch, which begins at the lowest
/// number: the first caller initialises.
void set_epoch(Flags& flags) {
  constexpr std::uint64_t first_epoch = 0x80000000;
  if (flags.left == number_value(0) && flags.right.kind == Value::Kind::thread) flags.right = number_value(first_epoch);
  if (flags.right == number_value(0) && flags.left.kind == Value::Kind::thread) flags.left = number_value(first_epoch);
}

}  // namespace

std::optional<bool> Evaluator::taken(const State& state, const Instruction& branch) const {
  Flags flags = state.flags;
  if (branch.op == Op::branch_zero) {
    const Value value = register_value(state, branch.src);
    flags = branch.has_immediate
                ? Flags{Flags::Kind::test, 8, value, number_value(static_cast<std::uint64_t>(branch.immediate))}
                : Flags{Flags::Kind::compare, 8, value, number_value(0)};
  } else if (branch.op != Op::branch) {
    return std::nullopt;
  }
  if (flags.kind == Flags::Kind::unknown || flags.kind == Flags::Kind::exchange) return std::nullopt;
  // An address is never null.
  const auto is_address = [](const Value& v) {
    return v.kind == Value::Kind::address || v.kind == Value::Kind::import || v.kind == Value::Kind::stack;
  };
  const bool test = flags.kind == Flags::Kind::test;
  const bool same = flags.left == flags.right;
  const bool against_zero = test ? same : flags.right == number_value(0);
  if (is_address(flags.left) && against_zero && (branch.condition == 4 || branch.condition == 5)) {
    return branch.condition == 5;
  }
  if (image_.format == model::BinaryFormat::pe && flags.width == 4 && branch.condition >= 12) set_epoch(flags);
  if (!flags.left.is_number() || !flags.right.is_number()) return std::nullopt;
  const unsigned width = flags.width == 0 ? 8 : flags.width;
  const std::uint64_t left = low_bytes(flags.left.bits, width), right = low_bytes(flags.right.bits, width);
  const std::uint64_t value = test ? left & right : low_bytes(left - right, width);
  const auto signed_left = static_cast<std::int64_t>(sign_extended(test ? value : left, width));
  const auto signed_right = test ? std::int64_t{0} : static_cast<std::int64_t>(sign_extended(right, width));
  const bool below = !test && left < right;
  bool holds = false;
  switch (branch.condition & ~1u) {
    case 2: holds = below; break;
    case 4: holds = value == 0; break;
    case 6: holds = below || value == 0; break;
    case 8: holds = static_cast<std::int64_t>(sign_extended(value, width)) < 0; break;
    case 12: holds = signed_left < signed_right; break;
    case 14: holds = signed_left <= signed_right; break;
    default: return std::nullopt;
  }
  return (branch.condition & 1u) != 0 ? !holds : holds;
}

}  // namespace isoaudit::analyzer
