#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace isoaudit::analyzer {

/// Words of the stack of which some part lies there, one bit for all that are a multiple of 64 words apart.
std::uint64_t words_of_stack(std::int64_t place, std::int64_t bytes);

/// Some words of the stack, each with a number: up to 64, to be told of by one bit each.
class StackWords {
 public:
  static constexpr std::size_t most = 64;

  void clear() { places_.clear(), on_stack_.clear(); }
  /// False where there is no number left.
  bool add(std::int64_t place);
  /// The bit of the word that begins there; 0 where none does.
  std::uint64_t at(std::int64_t place) const;
  /// Of the lowest of some bits.
  std::int64_t place_of(std::uint64_t bits) const { return places_[static_cast<std::size_t>(std::countr_zero(bits))]; }
  /// Those of `among` of which some part lies there.
  std::uint64_t in(std::int64_t first, std::int64_t size, std::uint64_t among) const;
  /// Of the lowest of some bits, as words_of_stack has it.
  std::uint64_t on_stack(std::uint64_t bits) const {
    return on_stack_[static_cast<std::size_t>(std::countr_zero(bits))];
  }
  /// The bits of all of them.
  std::uint64_t all() const;

 private:
  std::vector<std::int64_t> places_{};
  std::vector<std::uint64_t> on_stack_{};
};

}  // namespace isoaudit::analyzer
