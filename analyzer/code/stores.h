#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/code/collect_code.h"
#include "analyzer/code/functions_by_place.h"
#include "analyzer/code/held_pointers.h"
#include "analyzer/code/held_uses.h"
#include "analyzer/code/module_code.h"
#include "analyzer/code/passed_arguments.h"
#include "analyzer/code/reads.h"
#include "analyzer/code/store_filter.h"
#include "model/binary_facts.h"

namespace isoaudit::analyzer {

/// What functions store to the image's own writable memory, and to whom they pass its address.
class Stores {
 public:
  Stores(ModuleCode& code, const LineOf& line_of);

  /// There may be something in it to tell, by itself or when it is a piece of a function.
  bool concerns(const FunctionCode& function) { return filter_.concerns(function); }
  /// Reads the stores of function number `index`.
  void read(std::size_t index, const FunctionCode& function);
  /// After all functions were read: each write with the number of the function that makes it.
  std::vector<std::pair<std::size_t, model::CodeWrite>> take();
  /// Tables of pointers were not followed to their end: what they lead to may be written and is not told.
  bool is_cut() const;
  /// What they load from there, seen on the same way through the code.
  std::vector<model::CodeRead> take_reads() { return reads_.take(); }

 private:
  /// An address that went to a function of the file.
  struct Passed {
    std::size_t function = 0;
    std::uint64_t callee = 0;
    unsigned argument = 0;
    std::uint64_t address = 0;
    std::string name{};
    std::string guard{};
    std::uint64_t instruction = 0;
    /// It is told of only when the callee is known to write.
    bool has_to_write = false;
  };

  bool may_write(std::uint64_t address, bool guessed) const;
  bool may_tell_of_table();
  bool is_own_address(const Value& value) const;
  void look_for_table(std::size_t index, const State& state, const Instruction& instruction);
  void look_at_kept(std::size_t index);
  void tell_of_table(std::size_t index, std::uint64_t address, const std::string& guard);
  void look(std::size_t index, const State& state, const Instruction& instruction);
  void collect_parts(const State& state, const Instruction& instruction);
  void note_held_pointers(const Place& place, std::uint64_t size, std::span<const Value> parts);
  void note_use_of_held(std::size_t index, const State& state, const Instruction& instruction);
  bool has_room_for_held_use(std::size_t index, std::uint64_t word);
  void note_store_to_held(std::size_t index, const State& state, const Instruction& instruction, const Value& pointer);
  void note_pass_of_held(std::size_t index, const State& state, const Value& callee, unsigned argument,
                         std::uint64_t word);
  bool may_write_held(const Value& callee, unsigned argument);
  void tell_of_held_uses();
  void tell_of_store_to_held(const HeldStore& store);
  void tell_of_pass_of_held(const HeldPass& pass);
  void follow_held_pointers();
  bool only_hands_on_held(std::size_t index, bool by_address);
  bool finalizes();
  void look_at_pass(std::size_t index, const AddressWalk::Pass& passed);
  void look_at_call(std::size_t index, const State& state, const Instruction& instruction);
  void add_store(std::size_t index, const std::string& guard, const Instruction& instruction, const Place& place,
                 std::span<const Value> parts);
  void add_atomic(std::size_t index, const State& state, const OutlineAtomic& atomic, std::uint64_t address);
  void pass(std::size_t index, const State& state, const Value& callee, unsigned argument, std::uint64_t address);
  void pass_to_own(std::size_t index, std::uint64_t callee, unsigned argument, std::uint64_t address,
                   const std::string& guard);
  void add_thread_local(std::size_t index, const State& state, const Instruction& instruction, const Place& place);
  void add_thread_text(std::size_t index, const State& state, const Value& callee);
  model::CodeWrite thread_write_at(std::size_t index, std::uint64_t offset, std::uint64_t size) const;
  /// The named variable that covers the address; null when there is none.
  const Symbol* covering(std::uint64_t address) const;
  /// Where the variable at `address` ends; where no name says so, the next named one or `end`.
  std::uint64_t variable_end(std::uint64_t address, std::uint64_t end) const;
  /// The variable there, or function number `index` that writes it, is not the module's.
  bool is_compiler_s_own(std::size_t index, std::uint64_t address) const;
  model::CodeWrite write_at(std::size_t index, std::uint64_t address) const;
  void add_passed(std::size_t index, std::uint64_t address, const std::string& callee, ParameterUse use,
                  const std::string& guard);

  ModuleCode& code_;
  StoreFilter filter_;
  PassedArguments arguments_;
  Reads reads_;
  HeldPointers held_{};
  /// Uses by functions that were gone through; functions that have too many of them, by the word.
  HeldUses held_uses_{};
  FunctionsByPlace uses_of_held_{};
  /// All functions were read: nobody puts more pointers anywhere.
  bool all_held_known_ = false;
  std::vector<bool> gone_through_;
  /// Functions that were not, by words that they load by an address in a register, or together with the one before.
  FunctionsByPlace other_reads_{};
  FunctionCode again_{};
  const LineOf& line_of_;
  /// The function that is read.
  const FunctionCode* function_ = nullptr;
  /// What finalizes() said of it.
  std::optional<bool> finalizes_{};
  /// Address of the one that is looked at.
  std::uint64_t instruction_ = 0;
  /// Thread-local variables that the file names, by place.
  std::vector<const Symbol*> thread_symbols_{};
  std::vector<std::pair<std::size_t, model::CodeWrite>> writes_{};
  std::vector<Passed> pending_{};
  /// Scratch: what the store that is looked at writes.
  std::vector<Value> parts_{};
  /// How often a table's row was told of, see may_tell_of_table.
  std::size_t told_of_tables_ = 0;
  bool is_cut_ = false;
};

}  // namespace isoaudit::analyzer
