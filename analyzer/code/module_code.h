#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/code/call_targets.h"
#include "analyzer/code/function_flow.h"
#include "analyzer/code/functions.h"
#include "analyzer/code/indirect_jumps.h"
#include "analyzer/code/lock_flow.h"
#include "analyzer/code/releasing_functions.h"
#include "analyzer/code/stack_positions.h"
#include "analyzer/tables/outline_atomics.h"
#include "analyzer/tables/parameters.h"

namespace isoaudit::analyzer {

/// Returns where a thread-local variable lies in this thread (ELF handling for thread-local storage, 3.4).
constexpr std::string_view thread_address_function = "__tls_get_addr";

/// The code of one image, and what every pass over it asks: where its functions lie, what is writable, who is called.
class ModuleCode : private Surroundings {
 public:
  ModuleCode(const Image& image, Decoder& decoder);
  ModuleCode(const ModuleCode&) = delete;
  ModuleCode& operator=(const ModuleCode&) = delete;

  const Image& image() const { return image_; }
  const std::vector<FunctionRange>& functions() const { return functions_; }
  const Evaluator& evaluator() const { return evaluator_; }
  const std::string& text(std::uint32_t name) const { return names_.text(name); }

  /// Index of the function that covers the address; -1 when none does.
  std::ptrdiff_t function_at(std::uint64_t address) const;
  /// The same of what an instruction names as its target, where one of the linker's stubs may stand between a call and
  /// the function.
  std::ptrdiff_t called_function(const Instruction& instruction);
  /// Memory that stays writable while the module runs.
  bool writable(std::uint64_t address) const;
  /// A bound for what `writable` says yes to, and for the linker's tables of addresses.
  std::uint64_t writable_begin() const { return writable_begin_; }
  std::uint64_t writable_end() const { return writable_end_; }
  std::uint64_t pointers_begin() const { return pointers_begin_; }

  void decode(const FunctionRange& range, FunctionCode& out);
  /// Several functions that are one: the first is where callers come in (see split_functions.h).
  void decode(const std::vector<std::uint32_t>& pieces, FunctionCode& out);
  /// What runs when the code at an address inside function number `index` is called.
  void decode_from(std::uint64_t address, std::size_t index, FunctionCode& out);
  /// Makes the functions that begin with the first of each known as wholes to decode_from.
  void set_pieces(const std::vector<std::vector<std::uint32_t>>& groups);
  /// Visits each instruction with what is known before it; calls return results that are named by their callee.
  void flow(const FunctionCode& code, const Visit& visit);
  /// The imported function that a call or jump goes to without the help of registers; empty when it does not.
  std::string_view import_of(const Instruction& instruction);
  /// A call of what takes a lock, be it another module's function or C++'s own that the file has.
  bool takes_lock(const Instruction& call);
  /// Where a call or jump goes: an import, an address of the image (with the `name` that the table of locks has for
  /// what stands there, if any), or not known.
  Value callee_of(const State& state, const Instruction& instruction);
  /// The same where nothing is known of registers.
  Value callee_of(const Instruction& instruction) { return callee_of(nothing_known_, instruction); }
  /// A callee that is one atomic instruction, wherever it stands (see outline_atomics.h).
  std::optional<OutlineAtomic> stands_for_instruction(const Value& callee) const;
  /// What the call does with its argument number `argument`, others tell: a format, or what an atomic instruction
  /// stores.
  bool hangs_on_others(const Instruction& call, unsigned argument);
  /// What the imported function of that name does with what its argument number `argument` points to.
  ParameterUse import_use(std::uint32_t name, unsigned argument);
  /// The same at one call: a format says how many arguments there are, and which are results.
  ParameterUse import_use_at(const State& call, std::uint32_t name, unsigned argument);
  /// Which arguments may be taken from the stack by what a call, or a jump out of a function, leads to: one bit for
  /// each number.
  unsigned taken_from_stack(const Instruction& call);
  /// The lock that is held there, by the function that took it; empty for none.
  const std::string& held_lock(const State& state) const { return locks_.held(state); }
  /// What people call the code at an address: its symbol, else its section and offset.
  std::string name_at(std::uint64_t address) const;
  /// What people call function number `index`: as its source spells it, else section and offset.
  std::string shown_name(std::size_t index) const;

 private:
  Value callee_at(std::uint64_t target);
  Value answer_of(const State& state, const OutlineAtomic& atomic) const;
  void call(State& state, const Instruction& instruction) override;
  bool asks_descriptor(const State& state, const Instruction& instruction) const;
  void along_branch(State& state, const Instruction& branch, bool taken) override;
  void number();
  std::ptrdiff_t called_function(std::uint64_t target);
  void mark_ends(FunctionCode& code);
  /// What a call that says by itself where it goes, or through which pointer, calls: found once, asked of each call.
  struct Callee {
    /// What callee_of says; not known where it hangs on more.
    Value value{};
    std::string_view import{};
    std::ptrdiff_t function = -1;
    bool never_returns = false;
    bool takes_lock = false;
    /// What taken_from_stack says, once it was asked.
    std::optional<unsigned> from_stack{};
  };
  Callee callee_named_by(const Instruction& call);
  unsigned import_takes_from_stack(std::uint32_t name);
  unsigned code_takes_from_stack(std::uint64_t address);
  bool has_no_end(std::uint64_t target);

  const Image& image_;
  Decoder& decoder_;
  const State nothing_known_{};
  Names names_{};
  CallTargets targets_;
  CodePointers pointers_;
  Evaluator evaluator_;
  Flow flow_{evaluator_, *this, executable_bytes(image_)};
  LockFlow locks_{names_};
  ReleasingFunctions releasing_{*this};
  std::unordered_map<std::uint64_t, std::string_view> known_copies_;
  /// Calls may stand for atomic instructions.
  bool calls_for_bytes_ = false;
  /// Of the tables below, which only grow.
  std::pmr::monotonic_buffer_resource room_{};
  /// Where calls of an address go: there are more calls than callees.
  std::pmr::unordered_map<std::uint64_t, Value> callees_{&room_};
  /// Numbers of what is called there, and through a pointer there.
  std::pmr::unordered_map<std::uint64_t, std::uint32_t> called_at_{&room_}, called_through_{&room_};
  /// By their numbers; 0 is none.
  std::vector<Callee> known_callees_{1};
  /// Of imported functions, by name and argument: demangling takes its time.
  std::unordered_map<std::uint64_t, ParameterUse> import_uses_{};
  /// Of functions of the file, by where they begin.
  std::unordered_map<std::uint64_t, unsigned> taken_from_stack_{};
  /// Scratch: the one that is asked of.
  FunctionCode callee_code_{};
  StackPositions positions_{};
  std::vector<FunctionRange> functions_{};
  /// For every few bytes of the code the number of the first function that ends behind them: addresses are asked for
  /// more often than there are instructions.
  std::vector<std::uint32_t> numbers_{};
  /// Of functions in several pieces, by the number of the first.
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> pieces_{};
  std::uint64_t writable_begin_ = ~std::uint64_t{0}, writable_end_ = 0;
  std::uint64_t pointers_begin_ = ~std::uint64_t{0};
};

/// An address of the image, or of a table in it.
inline bool is_image_address(const Value& value) {
  return value.kind == Value::Kind::address || value.kind == Value::Kind::region;
}

}  // namespace isoaudit::analyzer
