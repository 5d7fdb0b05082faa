#include "analyzer/code/store_filter.h"

#include <algorithm>

#include "analyzer/code/library_copies.h"

namespace isoaudit::analyzer {

StoreFilter::StoreFilter(ModuleCode& code) : code_(code), walk_(code.image(), code.evaluator(), *this) {
  const auto& sections = code.image().sections;
  const auto found = std::ranges::find(sections, model::SectionClass::thread_local_, &Section::kind);
  if (found != sections.end()) thread_local_ = &*found;
}

bool StoreFilter::concerns(const FunctionCode& function) {
  return std::ranges::any_of(function.outward, [&](std::uint32_t number) {
    const Instruction& instruction = function.instructions[number];
    return touches(instruction) || touches_thread(instruction) || makes_writable_address(function, number) ||
           asks_thread_address(instruction);
  });
}

/// Where a store goes may be plain, and under which lock it is made is not.
bool StoreFilter::has_to_flow(const FunctionCode& function) {
  bool writes = false, locks = false, makes_address = false;
  walk_.begin(function);
  made_.clear();
  for (const std::uint32_t number : function.outward) {
    const Instruction& instruction = function.instructions[number];
    if (touches_thread(instruction)) {
      if (instruction.stores_word()) return true;
      made_.push_back(number);
    } else if (makes_writable_address(function, number)) {
      if (instruction.writes_memory) return true;
      made_.push_back(number);
      makes_address = true;
    }
    writes = writes || (instruction.writes_memory && touches(instruction));
    if (instruction.op != Op::call) continue;
    if (asks_thread_address(instruction)) made_.push_back(number);
    locks = locks || code_.takes_lock(instruction);
  }
  if (locks && writes) return true;
  if (made_.empty()) return false;
  // What is said of thread-local memory does not hang on locks.
  if (makes_address && (locks || function.may_lock_byte)) return true;
  if (!walk_.follow(made_)) return true;
  return std::ranges::any_of(walk_.passes(), [&](const AddressWalk::Pass& pass) {
    const Instruction& call = function.instructions[pass.instruction];
    if (pass.value.kind == Value::Kind::thread) return text_size_of_method(code_.import_of(call)) != 0;
    return code_.hangs_on_others(call, pass.argument);
  });
}

bool StoreFilter::only_follows(const FunctionCode& function, const IsSuchWord& is_such_word, bool by_address) {
  walk_.begin(function);
  made_.clear();
  for (const std::uint32_t number : function.outward) {
    const Instruction& instruction = function.instructions[number];
    const bool makes = by_address && !instruction.writes_memory && makes_writable_address(function, number);
    if (makes || loads_from(function, number, is_such_word)) made_.push_back(number);
  }
  is_such_word_ = &is_such_word;
  const bool follows = walk_.follow(made_);
  is_such_word_ = nullptr;
  return follows;
}

/// By the address itself, or by its page.
bool StoreFilter::loads_from(const FunctionCode& function, std::uint32_t number, const IsSuchWord& is_such_word) {
  const Instruction& instruction = function.instructions[number];
  const auto is_in = [&](std::uint64_t address, std::uint64_t bytes) {
    for (std::uint64_t at = address; at < address + bytes; at += 8) {
      if (is_such_word(at)) return true;
    }
    return false;
  };
  if (instruction.op == Op::address) {
    const bool is_page = code_.image().machine == Machine::aarch64 && forms_page(instruction);
    return is_page && reaches_writable(instruction) && find_page_uses(function, number, uses_) &&
           std::ranges::any_of(uses_, [&](const PageUse& use) { return is_in(use.address, use.loads); });
  }
  const bool compares = instruction.op == Op::compare || instruction.op == Op::test;
  return !compares && touches(instruction) &&
         is_in(static_cast<std::uint64_t>(instruction.memory.displacement), instruction.parts() * std::uint64_t{8});
}

/// Reads or writes the image's own memory without the help of registers.
bool StoreFilter::touches(const Instruction& instruction) const {
  return instruction.names_address() && code_.writable(static_cast<std::uint64_t>(instruction.memory.displacement));
}

bool StoreFilter::touches_thread(const Instruction& instruction) const {
  return thread_local_ != nullptr && instruction.has_memory && instruction.memory.segment;
}

bool StoreFilter::asks_thread_address(const Instruction& instruction) {
  return thread_local_ != nullptr && instruction.op == Op::call &&
         code_.import_of(instruction) == thread_address_function;
}

bool StoreFilter::makes_writable_address(const FunctionCode& function, std::uint32_t number) {
  const Instruction& instruction = function.instructions[number];
  if (!instruction.names_address()) return false;
  const auto address = static_cast<std::uint64_t>(instruction.memory.displacement);
  if (instruction.op == Op::address) {
    if (code_.image().machine != Machine::aarch64) return code_.writable(address) || begins_pointer_table(address);
    return reaches_writable(instruction) && page_matters(function, number);
  }
  // A call's result that is stored directly: the flow tells which.
  const bool stores =
      instruction.op == Op::store || instruction.op == Op::exchange || instruction.op == Op::compare_exchange;
  if (stores && instruction.src != no_register && code_.writable(address)) return true;
  if (instruction.op == Op::load_high) return loads_writable_address(address);
  if (instruction.op != Op::load) return false;
  for (std::uint64_t at = 0; at < std::max<std::uint64_t>(instruction.width, 1); at += 8) {
    if (loads_writable_address(address + at)) return true;
  }
  return false;
}

/// By a distance from it, by a pointer there, or as what the linker says of a thread-local variable.
bool StoreFilter::leads_to_writable(std::uint64_t address) {
  if (thread_local_ != nullptr && code_.image().thread_word_at(address) != nullptr) return true;
  const bool is_near = address + page_size > code_.writable_begin() && address < code_.writable_end() + page_size;
  return is_near || begins_pointer_table(address);
}

bool StoreFilter::may_be_filled(std::uint64_t address) {
  return code_.writable(address) && code_.image().starts_as_zeros(address, code_.image().pointer_size);
}

/// AArch64 forms a page first: something in it, or that it points to, may be writable.
bool StoreFilter::reaches_writable(const Instruction& page) const {
  const auto address = static_cast<std::uint64_t>(page.memory.displacement);
  // So are the addresses of exported variables, in the linker's table.
  const std::uint64_t begin = std::min(code_.writable_begin(), code_.pointers_begin());
  return (address + page_size > begin && address < code_.writable_end()) || begins_pointer_table(address);
}

/// What lies in the page comes with the next instructions, and most of it is read, or is the address of another
/// module's variable.
bool StoreFilter::page_matters(const FunctionCode& function, std::uint32_t number) {
  if (!forms_page(function.instructions[number]) || !find_page_uses(function, number, uses_)) return true;
  return std::ranges::any_of(uses_, [&](const PageUse& use) {
    if (thread_local_ != nullptr && code_.image().thread_word_at(use.address) != nullptr) return true;
    if (use.loads != 0) return holds_pointer(use.address, use.loads);
    return code_.writable(use.address) || begins_pointer_table(use.address);
  });
}

bool StoreFilter::loads_writable_address(std::uint64_t address) const {
  // Most places are filled in by nobody.
  if (code_.image().relocation_at(address) == nullptr) return false;
  const Pointer pointer = code_.image().pointer_at(address);
  return pointer.kind == Pointer::Kind::address && code_.writable(pointer.value);
}

/// A table of pointers to writable memory, through which it may be filled. On AArch64 the page may hold one.
bool StoreFilter::begins_pointer_table(std::uint64_t address) const {
  const bool may_be_page = code_.image().machine == Machine::aarch64 && address % page_size == 0;
  return holds_pointer(address, may_be_page ? page_size : 32);
}

/// To writable memory.
bool StoreFilter::holds_pointer(std::uint64_t address, std::uint64_t bytes) const {
  return std::ranges::any_of(code_.image().relocations_in(address, address + bytes), [&](const Relocation& relocation) {
    return relocation.target != 0 && code_.writable(relocation.target);
  });
}

}  // namespace isoaudit::analyzer
