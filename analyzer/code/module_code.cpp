#include "analyzer/code/module_code.h"

#include <algorithm>
#include <array>
#include <utility>

#include "analyzer/code/const_parameters.h"
#include "analyzer/code/jump_tables.h"
#include "analyzer/code/known_functions.h"
#include "analyzer/code/library_copies.h"
#include "analyzer/code/place_name.h"
#include "analyzer/code/stack_arguments.h"
#include "analyzer/tables/formats.h"
#include "analyzer/tables/locks.h"
#include "analyzer/tables/python_names.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t bytes_for_each_number = 128;

}  // namespace

ModuleCode::ModuleCode(const Image& image, Decoder& decoder)
    : image_(image),
      decoder_(decoder),
      targets_(image, decoder),
      pointers_(image),
      evaluator_(image, names_),
      known_copies_(known_copies(image)),
      functions_(find_functions(image)) {
  number();
  const auto is_atomic = [](std::string_view name) { return outline_atomic(name).has_value(); };
  calls_for_bytes_ = image.machine == Machine::aarch64 &&
                     (std::ranges::any_of(known_copies_, is_atomic, [](const auto& copy) { return copy.second; }) ||
                      std::ranges::any_of(image.imports, is_atomic));
  for (const Section& section : image.sections) {
    if (is_address_table(section.name)) pointers_begin_ = std::min(pointers_begin_, section.address);
    if (!section.writable()) continue;
    writable_begin_ = std::min(writable_begin_, section.address);
    writable_end_ = std::max(writable_end_, section.address + section.size);
  }
}

/// Where code lies far from other code the search has to do.
void ModuleCode::number() {
  if (functions_.empty()) return;
  const std::uint64_t first = functions_.front().begin;
  std::uint64_t text = 0;
  for (const FunctionRange& function : functions_) text += function.end - function.begin;
  const std::uint64_t span = functions_.back().end - first;
  if (span / 4 > text) return;
  numbers_.reserve(span / bytes_for_each_number + 1);
  std::uint32_t number = 0;
  for (std::uint64_t at = first; at < functions_.back().end; at += bytes_for_each_number) {
    while (functions_[number].end <= at) ++number;
    numbers_.push_back(number);
  }
}

std::ptrdiff_t ModuleCode::function_at(std::uint64_t address) const {
  // Asked of every address that code names, and most are data's.
  if (functions_.empty() || address < functions_.front().begin || address >= functions_.back().end) return -1;
  auto found = functions_.begin();
  if (numbers_.empty()) {
    found = std::ranges::upper_bound(functions_, address, {}, &FunctionRange::end);
  } else {
    found += numbers_[(address - functions_.front().begin) / bytes_for_each_number];
    while (found->end <= address) ++found;
  }
  return address >= found->begin ? found - functions_.begin() : -1;
}

std::ptrdiff_t ModuleCode::called_function(std::uint64_t target) {
  const std::ptrdiff_t function = function_at(target);
  if (function >= 0) return function;
  const std::uint64_t local = targets_.local_at(target);
  return local == 0 ? -1 : function_at(local);
}

bool ModuleCode::writable(std::uint64_t address) const {
  if (address < writable_begin_ || address >= writable_end_) return false;
  const Section* section = image_.section_at(address);
  return section != nullptr && section->writable();
}

std::ptrdiff_t ModuleCode::called_function(const Instruction& instruction) {
  if (instruction.callee != 0) return known_callees_[instruction.callee].function;
  return called_function(instruction.target);
}

ParameterUse ModuleCode::import_use(std::uint32_t name, unsigned argument) {
  const auto [entry, fresh] = import_uses_.try_emplace((std::uint64_t{name} << 8) + argument);
  if (fresh) {
    entry->second = parameter_use(text(name), argument);
    const auto not_its_own = [&] { return evaluator_.is_on_stack(argument) || takes_constant(text(name), argument); };
    if (entry->second == ParameterUse::unknown && not_its_own()) entry->second = ParameterUse::not_written;
  }
  return entry->second;
}

bool ModuleCode::hangs_on_others(const Instruction& call, unsigned argument) {
  const Value callee = callee_of(call);
  if (stands_for_instruction(callee)) return true;
  return callee.kind == Value::Kind::import && import_use(callee.name, argument) == ParameterUse::written &&
         format_function(text(callee.name)) != nullptr;
}

ParameterUse ModuleCode::import_use_at(const State& call, std::uint32_t name, unsigned argument) {
  const ParameterUse use = import_use(name, argument);
  const FormatFunction* function = use == ParameterUse::written ? format_function(text(name)) : nullptr;
  if (function == nullptr) return use;
  const CallingConvention& convention = evaluator_.convention();
  const Value format = evaluator_.register_value(call, convention.arguments[function->format]);
  const auto words = format.kind == Value::Kind::address ? image_.text_at(format.bits) : std::nullopt;
  const auto uses = words ? format_uses(*words, function->parses) : std::nullopt;
  if (!uses) return use;
  const std::size_t first = convention.unnamed_on_stack ? convention.arguments.size() : function->arguments;
  if (argument < first || argument - first >= uses->size()) return ParameterUse::not_written;
  const FormatUse here = (*uses)[argument - first];
  return here == FormatUse::read || here == FormatUse::converter ? ParameterUse::not_written : use;
}

unsigned ModuleCode::taken_from_stack(const Instruction& call) {
  const auto ask = [&] {
    const Value callee = callee_of(call);
    if (callee.kind == Value::Kind::import) return import_takes_from_stack(callee.name);
    if (callee.kind != Value::Kind::address || stands_for_instruction(callee)) return 0u;
    return code_takes_from_stack(callee.bits);
  };
  if (call.callee == 0) return ask();
  if (const std::optional<unsigned> known = known_callees_[call.callee].from_stack) return *known;
  const unsigned taken = ask();
  // Asking may have made more callees known.
  known_callees_[call.callee].from_stack = taken;
  return taken;
}

unsigned ModuleCode::import_takes_from_stack(std::uint32_t name) {
  unsigned taken = 0;
  for (unsigned i = static_cast<unsigned>(evaluator_.convention().arguments.size()); i < most_arguments; ++i) {
    if (import_use(name, i) != ParameterUse::not_written) taken |= 1u << i;
  }
  return taken;
}

/// Where other code goes on with the same stack, a piece of the function or another one, that may take any.
unsigned ModuleCode::code_takes_from_stack(std::uint64_t address) {
  const auto [known, fresh] = taken_from_stack_.try_emplace(address, ~0u);
  const std::ptrdiff_t index = fresh ? function_at(address) : -1;
  if (index < 0) return known->second;
  const FunctionCode& code = callee_code_;
  decode_from(address, static_cast<std::size_t>(index), callee_code_);
  const bool goes_on = std::ranges::any_of(code.outward, [&](std::uint32_t number) {
    const Instruction& instruction = code.instructions[number];
    const bool leads = instruction.has_target && (instruction.op == Op::jump || instruction.is_branch());
    return leads && code.index_of(instruction.target) < 0 && import_of(instruction).empty();
  });
  if (!goes_on) known->second = stack_arguments_of(code, evaluator_.convention(), positions_);
  return known->second;
}

void ModuleCode::decode(const FunctionRange& range, FunctionCode& out) {
  decode_function(image_, decoder_, range, &pointers_, out);
  mark_ends(out);
}

/// What follows the call of a function that never returns is reached in other ways, if at all: it may be another way
/// through the function, on which no lock is held.
void ModuleCode::mark_ends(FunctionCode& code) {
  for (const std::uint32_t number : code.outward) {
    Instruction& instruction = code.instructions[number];
    if (instruction.op != Op::call) continue;
    if (!instruction.has_target && !instruction.names_address()) continue;
    const auto [known, fresh] =
        instruction.has_target
            ? called_at_.try_emplace(instruction.target)
            : called_through_.try_emplace(static_cast<std::uint64_t>(instruction.memory.displacement));
    if (fresh) {
      known->second = static_cast<std::uint32_t>(known_callees_.size());
      known_callees_.push_back(callee_named_by(instruction));
    }
    instruction.callee = known->second;
    instruction.never_returns = known_callees_[known->second].never_returns;
  }
}

ModuleCode::Callee ModuleCode::callee_named_by(const Instruction& call) {
  Callee callee;
  callee.import = import_of(call);
  callee.takes_lock = takes_lock(call);
  if (call.has_target) {
    callee.value = callee_at(call.target);
    callee.function = called_function(call.target);
  } else if (!callee.import.empty()) {
    callee.value = {Value::Kind::import, names_.number_of(callee.import), 0};
  }
  const bool own = callee.import.empty() && call.has_target;
  callee.never_returns = own ? has_no_end(call.target) : isoaudit::analyzer::never_returns(callee.import);
  return callee;
}

void ModuleCode::decode(const std::vector<std::uint32_t>& pieces, FunctionCode& out) {
  if (pieces.size() == 1) return decode(functions_[pieces.front()], out);
  std::vector<const FunctionRange*> ranges;
  for (const std::uint32_t piece : pieces) ranges.push_back(&functions_[piece]);
  decode_pieces(image_, decoder_, std::move(ranges), &pointers_, out);
  mark_ends(out);
}

/// A short function of the file that nothing leads out of, neither a return nor a jump: an assertion that failed, a
/// panic.
bool ModuleCode::has_no_end(std::uint64_t target) {
  constexpr std::uint64_t longest = 320;
  const std::ptrdiff_t index = function_at(target);
  if (index < 0 || functions_[static_cast<std::size_t>(index)].begin != target) return false;
  const std::uint64_t end = functions_[static_cast<std::size_t>(index)].end;
  const Section* section = image_.section_at(target);
  if (section == nullptr || end - target > longest || end - section->address > section->bytes.size()) return false;
  Instruction instruction;
  bool calls = false;
  for (std::uint64_t at = target; at < end; at = instruction.next()) {
    instruction = {};
    if (!decoder_.decode(section->bytes.subspan(at - section->address), at, instruction)) return false;
    const bool leads_out = instruction.op == Op::jump || instruction.is_branch();
    if (instruction.op == Op::result || (leads_out && !instruction.has_target)) return false;
    if (leads_out && (instruction.target < target || instruction.target >= end)) return false;
    calls = calls || instruction.op == Op::call;
  }
  return calls;
}

void ModuleCode::decode_from(std::uint64_t address, std::size_t index, FunctionCode& out) {
  FunctionRange range = functions_[index];
  const auto pieces = pieces_.find(static_cast<std::uint32_t>(index));
  if (address == range.begin && pieces != pieces_.end()) return decode(pieces->second, out);
  range.begin = address;
  decode(range, out);
}

void ModuleCode::set_pieces(const std::vector<std::vector<std::uint32_t>>& groups) {
  for (const std::vector<std::uint32_t>& group : groups) {
    if (group.size() > 1) pieces_.emplace(group.front(), group);
  }
}

void ModuleCode::flow(const FunctionCode& code, const Visit& visit) {
  // Which bytes are locks the slow ways tell, and those may come after the fast ones.
  const auto calls_for_byte = [&](std::uint32_t number) {
    const Instruction& instruction = code.instructions[number];
    if (instruction.op != Op::call || !instruction.has_target) return false;
    const auto atomic = stands_for_instruction(callee_at(instruction.target));
    return atomic && atomic->width == 1;
  };
  const bool learns = code.may_lock_byte || (calls_for_bytes_ && std::ranges::any_of(code.outward, calls_for_byte));
  if (learns) flow_.run(code, [](const State&, const Instruction&) {});
  flow_.run(code, visit);
}

/// AArch64 asks for a thread-local variable's place with a pointer to its descriptor in the linker's table, by a call
/// that leaves all registers alone but the one with the answer (ELF for the Arm 64-bit Architecture, TLS descriptors).
bool ModuleCode::asks_descriptor(const State& state, const Instruction& instruction) const {
  if (image_.machine != Machine::aarch64 || instruction.has_target) return false;
  const Value argument = evaluator_.register_value(state, 0);
  if (argument.kind != Value::Kind::address) return false;
  const Section* section = image_.section_at(argument.bits);
  return section != nullptr && is_address_table(section->name);
}

void ModuleCode::call(State& state, const Instruction& instruction) {
  if (asks_descriptor(state, instruction)) {
    const ThreadWord* word = image_.thread_word_at(state.general[0].bits);
    state.general[0] = word != nullptr ? thread_value(*word) : Value{};
    return;
  }
  const Value callee = callee_of(state, instruction);
  const std::uint32_t import = callee.kind == Value::Kind::import ? callee.name : 0;
  Value result(Value::Kind::result, import, 0);
  if (import != 0 && text(import) == thread_address_function) {
    const Value argument = evaluator_.register_value(state, evaluator_.convention().arguments[0]);
    const bool known = argument.kind == Value::Kind::address;
    const ThreadWord* word = known ? image_.thread_word_at(argument.bits) : nullptr;
    result = word != nullptr ? thread_value(*word) : thread_value();
  }
  const auto& arguments = evaluator_.convention().arguments;
  const std::array<Value, 2> passed{evaluator_.register_value(state, arguments[0]),
                                    evaluator_.register_value(state, arguments[1])};
  if (const auto naming = naming_argument(text(import)); naming && passed[*naming].kind == Value::Kind::address) {
    result.bits = passed[*naming].bits;
  }
  if (locks_.tries_other_lock(import, passed[0])) result.name = 0;
  if (const auto atomic = stands_for_instruction(callee)) {
    return evaluator_.after_unseen_call(state, answer_of(state, *atomic));
  }
  evaluator_.after_unseen_call(state, result);
  if (callee.kind != Value::Kind::address) return locks_.after_call(state, import, passed);
  if (callee.name != 0) return locks_.after_call(state, callee.name, passed);
  if (locks_.holds(state) && releasing_.release(callee.bits, locks_.held(state))) locks_.release(state);
}

void ModuleCode::along_branch(State& state, const Instruction& branch, bool taken) {
  locks_.along_branch(state, branch, taken);
}

std::string_view ModuleCode::import_of(const Instruction& instruction) {
  if (instruction.callee != 0) return known_callees_[instruction.callee].import;
  if (instruction.has_target) return targets_.import_at(instruction.target);
  if (!instruction.names_address()) return {};
  const Pointer pointer = image_.pointer_at(static_cast<std::uint64_t>(instruction.memory.displacement));
  return pointer.kind == Pointer::Kind::import ? pointer.name : std::string_view();
}

Value ModuleCode::callee_at(std::uint64_t target) {
  const auto [place, fresh] = callees_.try_emplace(target);
  if (!fresh) return place->second;
  const std::uint32_t import = names_.number_of(targets_.import_at(target));
  if (import != 0) return place->second = {Value::Kind::import, import, 0};
  // A function of the file that others may replace is called through the linker's table.
  const std::uint64_t local = targets_.local_at(target);
  const std::uint64_t address = local != 0 ? local : target;
  const auto copy = known_copies_.find(address);
  return place->second = {Value::Kind::address, copy == known_copies_.end() ? 0 : names_.number_of(copy->second),
                          address};
}

bool ModuleCode::takes_lock(const Instruction& call) {
  if (call.callee != 0) return known_callees_[call.callee].takes_lock;
  if (lock_taken_by(import_of(call)) != nullptr) return true;
  if (known_copies_.empty() || !call.has_target) return false;
  return lock_taken_by(text(callee_at(call.target).name)) != nullptr;
}

Value ModuleCode::callee_of(const State& state, const Instruction& instruction) {
  if (instruction.callee != 0) {
    const Value& known = known_callees_[instruction.callee].value;
    if (known.known()) return known;
  }
  if (instruction.has_target) return callee_at(instruction.target);
  if (const std::string_view import = import_of(instruction); !import.empty()) {
    return {Value::Kind::import, names_.number_of(import), 0};
  }
  if (!instruction.has_memory) return evaluator_.register_value(state, instruction.src);
  return evaluator_.load(state, evaluator_.place(state, instruction.memory), 8, nullptr);
}

std::optional<OutlineAtomic> ModuleCode::stands_for_instruction(const Value& callee) const {
  const bool named = callee.kind == Value::Kind::import || callee.kind == Value::Kind::address;
  if (image_.machine != Machine::aarch64 || !named || callee.name == 0) return {};
  return outline_atomic(text(callee.name));
}

/// It returns what was there before, as LSE's instruction does.
Value ModuleCode::answer_of(const State& state, const OutlineAtomic& atomic) const {
  if (atomic.kind != OutlineAtomic::Kind::compare_and_swap) return {};
  const auto& arguments = evaluator_.convention().arguments;
  const Value expected = evaluator_.register_value(state, arguments[0]);
  const Value stores = evaluator_.register_value(state, arguments[1]);
  const Value place = evaluator_.register_value(state, arguments[2]);
  if (!stores.is_number() || stores.bits > 1 || !expected.is_number() || expected.bits > 1) return {};
  return exclusive_value(stores.bits != 0, expected.bits != 0, place.kind == Value::Kind::address ? place.bits : 0);
}

std::string ModuleCode::name_at(std::uint64_t address) const { return code_name(image_, address); }

std::string ModuleCode::shown_name(std::size_t index) const {
  const FunctionRange& function = functions_[index];
  return function.name.empty() ? code_name(image_, function.begin) : source_name(function.name);
}

}  // namespace isoaudit::analyzer
