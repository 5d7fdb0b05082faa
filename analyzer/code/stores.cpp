#include "analyzer/code/stores.h"

#include <algorithm>
#include <string_view>

namespace isoaudit::analyzer {
namespace {

/// Variables that compilers add: guards of function-local statics, and the C runtime's "has run" flag.
bool is_compiler_s_own(std::string_view name) {
  return name.starts_with("_ZGV") || name == "completed.0" || name == "__dso_handle" || name == "__TMC_END__";
}

}  // namespace

void Stores::read(std::size_t index, const FunctionCode& function) {
  bool flows = false, finalizes = false;
  for (const Instruction& instruction : function.instructions) {
    flows = flows || makes_writable_address(instruction);
    if (instruction.op == Op::call && code_.import_of(instruction) == "__cxa_finalize") finalizes = true;
  }
  if (flows) {
    code_.flow(function,
               [&](const State& state, const Instruction& instruction) { look(index, state, instruction, finalizes); });
    return;
  }
  const State nothing;
  for (const Instruction& instruction : function.instructions) {
    if (instruction.writes_memory) look(index, nothing, instruction, finalizes);
  }
}

/// An address that went to a function of the file: whether that writes through it, its own code tells.
std::vector<std::pair<std::size_t, model::CodeWrite>> Stores::take() {
  for (const Passed& passed : pending_) {
    const ParameterUse use = arguments_.use_of(passed.callee, passed.argument);
    if (use != ParameterUse::not_written) add_passed(passed.function, passed.address, passed.name);
  }
  pending_.clear();
  return std::move(writes_);
}

/// Only what forms an address of writable memory can later store through it: all other functions need no propagation.
bool Stores::makes_writable_address(const Instruction& instruction) const {
  if (!instruction.has_memory || instruction.memory.base != no_register || instruction.memory.index != no_register ||
      instruction.memory.segment) {
    return false;
  }
  const auto address = static_cast<std::uint64_t>(instruction.memory.displacement);
  if (instruction.op == Op::address) {
    // AArch64 forms a page first: what lies in it comes with the next instruction.
    if (code_.image().machine != Machine::aarch64) return code_.writable(address);
    // So do the addresses of exported variables, in the linker's table.
    return address + 4096 > std::min(code_.writable_begin(), code_.pointers_begin()) && address < code_.writable_end();
  }
  // A call's result that is stored directly: the flow tells which.
  if (instruction.op == Op::store && instruction.src != no_register && code_.writable(address)) return true;
  if (instruction.op != Op::load) return false;
  const Pointer pointer = code_.image().pointer_at(address);
  return pointer.kind == Pointer::Kind::address && code_.writable(pointer.value);
}

void Stores::look(std::size_t index, const State& state, const Instruction& instruction, bool finalizes) {
  if (instruction.op == Op::call || instruction.op == Op::jump) return look_at_call(index, state, instruction);
  if (!instruction.writes_memory) return;
  const Evaluator& evaluator = code_.evaluator();
  Place place;
  if (instruction.op == Op::fill || instruction.op == Op::move_block) {
    const Value to = evaluator.register_value(state, 7);
    if (is_image_address(to)) place = {Place::Kind::image, to.bits, true};
  } else {
    place = evaluator.place(state, instruction.memory);
  }
  if (place.kind != Place::Kind::image || !code_.writable(place.at)) return;
  // "completed.0": set once, when the library is unloaded.
  const bool flag = finalizes && instruction.width == 1 && instruction.has_immediate && instruction.immediate == 1;
  if (flag) return;
  model::CodeWrite write = write_at(index, place.at);
  if (is_compiler_s_own(write.symbol)) return;
  write.atomic = instruction.atomic;
  write.size = place.indexed ? 0 : instruction.width * (instruction.pair ? 2u : 1u);
  if (instruction.op == Op::store) {
    const Value value = evaluator.stored(state, instruction, 0);
    if (value.kind == Value::Kind::result) write.result_of = code_.text(value.name);
  }
  writes_.emplace_back(index, std::move(write));
}

model::CodeWrite Stores::write_at(std::size_t index, std::uint64_t address) const {
  model::CodeWrite write;
  const Section* section = code_.image().section_at(address);
  write.section = section->name;
  write.offset = address - section->address;
  write.function = code_.functions()[index].name;
  const Symbol* symbol = code_.image().symbol_at(address);
  if (symbol != nullptr && symbol->kind == Symbol::Kind::object) write.symbol = symbol->name;
  return write;
}

void Stores::look_at_call(std::size_t index, const State& state, const Instruction& instruction) {
  const Evaluator& evaluator = code_.evaluator();
  const auto& arguments = evaluator.convention().arguments;
  const auto is_ours = [&](Register argument) {
    const Value value = evaluator.register_value(state, argument);
    return is_image_address(value) && code_.writable(value.bits);
  };
  if (std::ranges::none_of(arguments, is_ours)) return;
  if (stays_inside(code_.functions()[index], instruction)) return;
  const Value callee = code_.callee_of(state, instruction);
  // A jump through a table stays in the function.
  if (instruction.op == Op::jump && !callee.known()) return;
  for (unsigned i = 0; i < arguments.size(); ++i) {
    if (!is_ours(arguments[i])) continue;
    const std::uint64_t address = evaluator.register_value(state, arguments[i]).bits;
    if (callee.kind == Value::Kind::import) {
      const std::string& name = code_.text(callee.name);
      if (parameter_use(name, i) != ParameterUse::not_written) add_passed(index, address, name);
    } else if (callee.kind == Value::Kind::address) {
      pending_.push_back({index, callee.bits, i, address, code_.name_at(callee.bits)});
    } else {
      add_passed(index, address, "a function called through a pointer");
    }
  }
}

void Stores::add_passed(std::size_t index, std::uint64_t address, const std::string& callee) {
  model::CodeWrite write = write_at(index, address);
  if (is_compiler_s_own(write.symbol)) return;
  write.passed_to = callee;
  writes_.emplace_back(index, std::move(write));
}

}  // namespace isoaudit::analyzer
