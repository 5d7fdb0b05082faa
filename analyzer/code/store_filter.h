#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "analyzer/code/address_walk.h"
#include "analyzer/code/module_code.h"
#include "analyzer/code/page_uses.h"

namespace isoaudit::analyzer {

/// Which functions may store to the image's writable memory, by a glance at their instructions: only what forms an
/// address there can later store through it, and all others need no propagation.
class StoreFilter : private AddressWalk::Module {
 public:
  explicit StoreFilter(ModuleCode& code);

  /// Where the image's thread-local memory begins; null when it has none.
  const Section* thread_local_section() const { return thread_local_; }
  /// There may be something in the function to tell, by itself or when it is a piece of another.
  bool concerns(const FunctionCode& function);
  /// Where its stores go, and what they store, has to be followed.
  bool has_to_flow(const FunctionCode& function);
  /// Of the function that has_to_flow said no of, or only_follows yes.
  const AddressWalk& walk() const { return walk_; }
  /// See AddressWalk.
  void give_room_back() { walk_.give_room_back(); }
  /// Whether a word of the image is one of those that are asked about.
  using IsSuchWord = std::function<bool(std::uint64_t)>;
  /// Of a function that has not to flow: all that it loads from such words is only read through and passed on. False is
  /// no answer. `by_address`: it may load from there by an address in a register.
  bool only_follows(const FunctionCode& function, const IsSuchWord& is_such_word, bool by_address);
  /// What a function that has not to flow loads through the address of a page.
  template <typename Tell>
  void each_load_in_page(const FunctionCode& function, const Tell& tell) {
    if (code_.image().machine != Machine::aarch64) return;
    for (const std::uint32_t number : function.outward) {
      const Instruction& instruction = function.instructions[number];
      if (!forms_page(instruction) || !reaches_writable(instruction)) continue;
      if (!find_page_uses(function, number, uses_)) continue;
      for (const PageUse& use : uses_) {
        if (use.loads != 0) tell(use.address);
      }
    }
  }

 private:
  unsigned taken_from_stack(const Instruction& call) override { return code_.taken_from_stack(call); }
  bool leads_to_writable(std::uint64_t address) override;
  bool holds_followed(std::uint64_t address) override { return is_such_word_ != nullptr && (*is_such_word_)(address); }
  bool may_be_filled(std::uint64_t address) override;
  bool touches(const Instruction& instruction) const;
  bool touches_thread(const Instruction& instruction) const;
  bool asks_thread_address(const Instruction& instruction);
  bool makes_writable_address(const FunctionCode& function, std::uint32_t number);
  bool reaches_writable(const Instruction& page) const;
  bool loads_from(const FunctionCode& function, std::uint32_t number, const IsSuchWord& is_such_word);
  bool page_matters(const FunctionCode& function, std::uint32_t number);
  bool loads_writable_address(std::uint64_t address) const;
  bool begins_pointer_table(std::uint64_t address) const;
  bool holds_pointer(std::uint64_t address, std::uint64_t bytes) const;

  ModuleCode& code_;
  const Section* thread_local_ = nullptr;
  AddressWalk walk_;
  /// Numbers of the instructions that make writable addresses, when each can be followed by itself.
  std::vector<std::uint32_t> made_{};
  /// While only_follows asks.
  const IsSuchWord* is_such_word_ = nullptr;
  /// Scratch.
  std::vector<PageUse> uses_{};
};

}  // namespace isoaudit::analyzer
