#include "analyzer/code/stores.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "analyzer/code/const_parameters.h"
#include "analyzer/code/library_copies.h"
#include "analyzer/code/place_name.h"
#include "analyzer/code/stored_value.h"
#include "model/compiler_data.h"

namespace isoaudit::analyzer {

Stores::Stores(ModuleCode& code, const LineOf& line_of)
    : code_(code),
      filter_(code),
      arguments_(code),
      reads_(code),
      gone_through_(code.functions().size(), false),
      line_of_(line_of) {
  if (filter_.thread_local_section() == nullptr) return;
  for (const Symbol& symbol : code.image().symbols) {
    if (symbol.kind == Symbol::Kind::thread_local_) thread_symbols_.push_back(&symbol);
  }
}

void Stores::read(std::size_t index, const FunctionCode& function) {
  function_ = &function;
  finalizes_.reset();
  if (filter_.has_to_flow(function)) {
    filter_.give_room_back();
    gone_through_[index] = true;
    arguments_.begin(function);
    code_.flow(function, [&](const State& state, const Instruction& instruction) {
      look(index, state, instruction);
      note_use_of_held(index, state, instruction);
      arguments_.look(state, instruction);
    });
    return arguments_.end();
  }
  // Where nothing is known of registers, no others touch the image's memory.
  const State nothing;
  for (const std::uint32_t number : function.outward) {
    const Instruction& instruction = function.instructions[number];
    if (instruction.has_memory || instruction.writes_memory) look(index, nothing, instruction);
    const unsigned words = instruction.op == Op::load && instruction.names_address() ? instruction.parts() : 0;
    for (unsigned i = 1; i < words; ++i) {
      const auto address = static_cast<std::uint64_t>(instruction.memory.displacement);
      other_reads_.add(address + std::uint64_t{8} * i, static_cast<std::uint32_t>(index));
    }
  }
  filter_.each_load_in_page(function, [&](std::uint64_t address) { reads_.add(index, address); });
  for (const Place& place : filter_.walk().reads()) {
    reads_.add(index, place.at);
    other_reads_.add(place.at, static_cast<std::uint32_t>(index));
  }
  for (const std::uint64_t word : filter_.walk().further_words()) {
    other_reads_.add(word, static_cast<std::uint32_t>(index));
  }
  for (const AddressWalk::Pass& pass : filter_.walk().passes()) look_at_pass(index, pass);
  look_at_kept(index);
}

/// What look_at_call says of an argument when no more is known than that.
void Stores::look_at_pass(std::size_t index, const AddressWalk::Pass& passed) {
  const Instruction& call = function_->instructions[passed.instruction];
  if (passed.value.kind != Value::Kind::address || !may_write(passed.value.bits, true)) return;
  const State nothing;
  const Value callee = code_.callee_of(call);
  if (call.op == Op::jump && !callee.known()) return;
  instruction_ = call.address;
  pass(index, nothing, callee, passed.argument, passed.value.bits);
}

/// The function that is read asks for the library's own destructors.
bool Stores::finalizes() {
  const auto asks = [&](std::uint32_t number) {
    const Instruction& instruction = function_->instructions[number];
    return instruction.op == Op::call && code_.import_of(instruction) == "__cxa_finalize";
  };
  if (!finalizes_) finalizes_ = std::ranges::any_of(function_->outward, asks);
  return *finalizes_;
}

/// An address that went to a function of the file: whether that writes through it, its own code tells.
std::vector<std::pair<std::size_t, model::CodeWrite>> Stores::take() {
  follow_held_pointers();
  for (const Passed& passed : pending_) arguments_.expect(passed.callee, passed.argument);
  for (const Passed& passed : pending_) {
    const std::optional<ParameterUse> told = copy_s_use(passed.name, passed.argument);
    const ParameterUse use = told ? *told : arguments_.use_of(passed.callee, passed.argument);
    instruction_ = passed.instruction;
    if (passed.has_to_write && use != ParameterUse::written) continue;
    // What its code leaves open, a name of C++ may tell.
    const bool elsewhere = use == ParameterUse::kept || use == ParameterUse::handed_back;
    if ((elsewhere || use == ParameterUse::unknown) && takes_constant(passed.name, passed.argument)) continue;
    // What the file initialises is a table that others read; what it does not, somebody has to fill.
    if (elsewhere && !code_.image().starts_as_zeros(passed.address, code_.image().pointer_size)) continue;
    if (use != ParameterUse::not_written) add_passed(passed.function, passed.address, passed.name, use, passed.guard);
  }
  pending_.clear();
  return std::move(writes_);
}

void Stores::look(std::size_t index, const State& state, const Instruction& instruction) {
  reads_.look(index, state, instruction);
  instruction_ = instruction.address;
  if (instruction.op == Op::call || instruction.op == Op::jump) return look_at_call(index, state, instruction);
  look_for_table(index, state, instruction);
  if (!instruction.writes_memory) return;
  const Evaluator& evaluator = code_.evaluator();
  Place place;
  if (instruction.op == Op::fill || instruction.op == Op::move_block) {
    const Value to = evaluator.register_value(state, 7);
    if (is_image_address(to)) place = {Place::Kind::image, to.bits, true, 0, to.last(), to.kind == Value::Kind::region};
  } else {
    place = evaluator.place(state, instruction.memory);
  }
  if (place.kind == Place::Kind::thread) return add_thread_local(index, state, instruction, place);
  if (place.kind != Place::Kind::image) return;
  // "completed.0": set once, when the library is unloaded.
  const bool flag = instruction.width == 1 && instruction.has_immediate && instruction.immediate == 1;
  if (flag && finalizes()) return;
  collect_parts(state, instruction);
  const std::vector<Value>& parts = parts_;
  const std::string& guard = code_.held_lock(state);
  note_held_pointers(place, instruction.bytes(), parts);
  if (may_write(place.at, place.guessed)) add_store(index, guard, instruction, place, parts);
  if (place.last == place.at || !may_write(place.last, place.guessed)) return;
  if (covering(place.last) == covering(place.at) && covering(place.at) != nullptr) return;
  for (const std::uint64_t choice : evaluator.tables().choices(place.at, place.last)) {
    if (!may_tell_of_table()) break;
    if (choice == place.at || choice == place.last || !code_.writable(choice)) continue;
    Place between = place;
    between.at = choice;
    add_store(index, guard, instruction, between, parts);
  }
  place.at = place.last;
  add_store(index, guard, instruction, place, parts);
}

void Stores::collect_parts(const State& state, const Instruction& instruction) {
  const Evaluator& evaluator = code_.evaluator();
  parts_.clear();
  if (instruction.op == Op::store || instruction.op == Op::store_high || instruction.op == Op::exchange ||
      instruction.op == Op::compare_exchange || instruction.op == Op::store_exclusive ||
      instruction.op == Op::compare_swap) {
    const unsigned count = instruction.op == Op::store_high ? 1 : instruction.parts();
    for (unsigned i = 0; i < count; ++i) parts_.push_back(evaluator.stored(state, instruction, i));
  } else if (instruction.op == Op::fill) {
    parts_.push_back(evaluator.register_value(state, 0));
  }
}

/// A table that the function jumps through (GNU C's labels as values) is not written by what may be its address and may
/// be something else: registers that held it are put to other use by the next label.
bool Stores::may_write(std::uint64_t address, bool guessed) const {
  if (!code_.writable(address)) return false;
  const Pointer first = guessed ? code_.image().pointer_at(address) : Pointer{};
  return first.kind != Pointer::Kind::address || !std::ranges::binary_search(function_->labels, first.value);
}

/// Each use of a table may be a write of all that it holds: hostile code has many of both.
bool Stores::may_tell_of_table() {
  constexpr std::size_t most = 1 << 17;
  is_cut_ = is_cut_ || told_of_tables_ == most;
  if (!is_cut_) ++told_of_tables_;
  return !is_cut_;
}

bool Stores::is_cut() const { return is_cut_ || code_.evaluator().tables().is_cut(); }

/// The bytes that one instruction writes may be several variables: compilers join neighbours.
void Stores::add_store(std::size_t index, const std::string& guard, const Instruction& instruction, const Place& place,
                       std::span<const Value> parts) {
  const std::uint64_t size = instruction.bytes();
  const std::uint64_t each = parts.size() > 1 ? size / parts.size() : 0;
  const std::uint64_t end = place.indexed ? place.at + 1 : place.at + std::max<std::uint64_t>(size, 1);
  // What reaches behind its section's end fails there.
  for (std::uint64_t at = place.at, next = 0; at < end && code_.writable(at); at = next) {
    next = std::min(end, variable_end(at, end));
    if (is_compiler_s_own(index, at)) continue;
    model::CodeWrite write = write_at(index, at);
    write.atomic = instruction.atomic;
    write.guard = guard;
    write.size = place.indexed || size == 0 ? 0 : next - at;
    std::span<const Value> own = parts;
    if (each != 0 && (at != place.at || next != end)) {
      // A part that is cut belongs to neither.
      const std::uint64_t first = at - place.at, last = next - place.at;
      const bool whole = first % each == 0 && last % each == 0;
      own = whole ? parts.subspan(first / each, (last - first) / each) : std::span<const Value>();
      if (!whole && std::ranges::all_of(parts, &Value::is_number)) write.value = model::StoredValue::constant;
    } else if (at != place.at || next != end) {
      own = {};
    }
    describe_stored(code_, own, write);
    if (instruction.op == Op::update) write.value = model::StoredValue::changed;
    const bool counts = parts.size() == 1 && parts[0].kind == Value::Kind::changed && parts[0].bits == place.at;
    if (counts) write.value = model::StoredValue::changed;
    writes_.emplace_back(index, std::move(write));
  }
}

/// Of what goes to thread-local memory only what may be an object matters, and what is made of what was there is none
/// that was not there before. Where the linker's table does not tell which
/// variable it is, the write has no size.
void Stores::add_thread_local(std::size_t index, const State& state, const Instruction& instruction,
                              const Place& place) {
  if (filter_.thread_local_section() == nullptr || !instruction.stores_word()) return;
  const Value value = code_.evaluator().stored(state, instruction, 0);
  if (was_held_by_thread(value) && !place.indexed && value.bits == place.at) return;
  model::CodeWrite write = thread_write_at(index, place.at, place.indexed ? 0 : instruction.width);
  describe_stored(code_, {&value, 1}, write);
  using enum model::StoredValue;
  if (write.value == constant || write.value == immortal || write.value == static_address) return;
  writes_.emplace_back(index, std::move(write));
}

/// A method of std::string works on it: what is stored there is no object, whatever else is known of that.
void Stores::add_thread_text(std::size_t index, const State& state, const Value& callee) {
  if (callee.kind != Value::Kind::import) return;
  const Evaluator& evaluator = code_.evaluator();
  const Value self = evaluator.register_value(state, evaluator.convention().arguments[0]);
  if (self.kind != Value::Kind::thread || thread_owner(self) != ThreadOwner::image) return;
  const std::uint64_t size = text_size_of_method(code_.text(callee.name));
  if (size == 0) return;
  model::CodeWrite write = thread_write_at(index, self.bits, size);
  if (write.size == 0) return;
  write.passed_to = source_name(code_.text(callee.name));
  writes_.emplace_back(index, std::move(write));
}

/// `size` is 0 where the place is not known.
model::CodeWrite Stores::thread_write_at(std::size_t index, std::uint64_t offset, std::uint64_t size) const {
  model::CodeWrite write;
  write.section = filter_.thread_local_section()->name;
  write.function = code_.functions()[index].name;
  if (line_of_) write.where = line_of_(instruction_);
  const auto [section, within] =
      size == 0 ? std::pair<const Section*, std::uint64_t>{nullptr, 0} : code_.image().thread_section(offset);
  if (section == nullptr) return write;
  write.section = section->name;
  write.offset = within;
  write.size = size;
  const auto next = std::ranges::upper_bound(thread_symbols_, offset, {}, &Symbol::address);
  const Symbol* symbol = next == thread_symbols_.begin() ? nullptr : *std::prev(next);
  if (symbol != nullptr && offset - symbol->address < symbol->size) write.symbol = symbol->name;
  return write;
}

const Symbol* Stores::covering(std::uint64_t address) const {
  const Symbol* symbol = code_.image().symbol_at(address);
  return symbol != nullptr && symbol->kind == Symbol::Kind::object ? symbol : nullptr;
}

std::uint64_t Stores::variable_end(std::uint64_t address, std::uint64_t end) const {
  const Symbol* symbol = covering(address);
  if (symbol != nullptr) return symbol->address + symbol->size > address ? symbol->address + symbol->size : end;
  std::uint64_t at = address + 1;
  while (at < end && covering(at) == nullptr) ++at;
  return at;
}

bool Stores::is_compiler_s_own(std::size_t index, std::uint64_t address) const {
  const FunctionRange& writer = code_.functions()[index];
  if (model::is_instrumentation_function(writer.name)) return true;
  const Symbol* code = writer.name.empty() ? nullptr : code_.image().symbol_at(writer.begin);
  if (code != nullptr && model::is_compiler_data({}, {}, code_.image().unit_of(*code))) return true;
  const Section* section = code_.image().section_at(address);
  const Symbol* symbol = covering(address);
  if (symbol == nullptr) return model::is_compiler_data({}, section->name);
  return model::is_compiler_data(symbol->name, section->name, code_.image().unit_of(*symbol));
}

model::CodeWrite Stores::write_at(std::size_t index, std::uint64_t address) const {
  model::CodeWrite write;
  const Section* section = code_.image().section_at(address);
  write.section = section->name;
  write.offset = address - section->address;
  write.function = code_.functions()[index].name;
  if (line_of_) write.where = line_of_(instruction_);
  const Symbol* symbol = code_.image().symbol_at(address);
  if (symbol != nullptr && symbol->kind == Symbol::Kind::object) write.symbol = symbol->name;
  return write;
}

void Stores::look_at_call(std::size_t index, const State& state, const Instruction& instruction) {
  const Evaluator& evaluator = code_.evaluator();
  const auto& arguments = evaluator.convention().arguments;
  if (evaluator.register_value(state, arguments[0]).kind == Value::Kind::thread &&
      filter_.thread_local_section() != nullptr) {
    add_thread_text(index, state, code_.callee_of(state, instruction));
  }
  // The function called may take fewer arguments than there are registers.
  const auto may_be_passed = [&](std::uint64_t at) { return may_write(at, true); };
  const auto is_ours = [&](const Value& value) {
    return is_image_address(value) && (may_be_passed(value.bits) || may_be_passed(value.last()));
  };
  std::optional<Value> callee;
  evaluator.each_argument(state, instruction, [&](unsigned i, const Value& value) {
    if (!is_ours(value)) return;
    if (!callee) callee = stays_inside(*function_, instruction) ? Value{} : code_.callee_of(state, instruction);
    // So does a jump through a table.
    if (instruction.op == Op::jump && !callee->known()) return;
    if (may_be_passed(value.bits)) pass(index, state, *callee, i, value.bits);
    const bool other = value.kind == Value::Kind::region && value.last() != value.bits && may_be_passed(value.last());
    if (other && covering(value.last()) != covering(value.bits)) pass(index, state, *callee, i, value.last());
    if (value.kind != Value::Kind::region) return;
    for (const std::uint64_t choice : evaluator.tables().choices(value.bits, value.last())) {
      if (!may_tell_of_table()) break;
      if (choice == value.bits || choice == value.last() || !code_.writable(choice)) continue;
      pass(index, state, *callee, i, choice);
    }
  });
}

void Stores::pass(std::size_t index, const State& state, const Value& callee, unsigned argument,
                  std::uint64_t address) {
  const std::string& guard = code_.held_lock(state);
  if (const auto atomic = code_.stands_for_instruction(callee)) {
    if (argument == atomic->place) add_atomic(index, state, *atomic, address);
  } else if (callee.kind == Value::Kind::import) {
    const ParameterUse use = code_.import_use_at(state, callee.name, argument);
    if (use != ParameterUse::not_written) add_passed(index, address, code_.text(callee.name), use, guard);
  } else if (callee.kind == Value::Kind::address) {
    pass_to_own(index, callee.bits, argument, address, guard);
  } else if (!code_.evaluator().is_on_stack(argument)) {
    add_passed(index, address, "a function called through a pointer", ParameterUse::unknown, guard);
  }
}

void Stores::pass_to_own(std::size_t index, std::uint64_t callee, unsigned argument, std::uint64_t address,
                         const std::string& guard) {
  pending_.push_back({index, callee, argument, address, code_name(code_.image(), callee), guard, instruction_});
}

void Stores::add_atomic(std::size_t index, const State& state, const OutlineAtomic& atomic, std::uint64_t address) {
  if (is_compiler_s_own(index, address)) return;
  model::CodeWrite write = write_at(index, address);
  write.atomic = true;
  write.guard = code_.held_lock(state);
  write.size = atomic.width;
  const Evaluator& evaluator = code_.evaluator();
  const Value value = evaluator.register_value(state, evaluator.convention().arguments[atomic.place - 1]);
  const Value stored = atomic.width < 8 ? narrowed(value, atomic.width) : value;
  describe_stored(code_, {&stored, 1}, write);
  if (atomic.kind == OutlineAtomic::Kind::changes) {
    write.value = model::StoredValue::changed;
    write.stored = write.result_of = "";
  }
  writes_.emplace_back(index, std::move(write));
}

void Stores::add_passed(std::size_t index, std::uint64_t address, const std::string& callee, ParameterUse use,
                        const std::string& guard) {
  model::CodeWrite write = write_at(index, address);
  if (is_compiler_s_own(index, address)) return;
  write.passed_to = source_name(callee);
  write.guard = guard;
  write.atomic = use == ParameterUse::atomically || use == ParameterUse::counted;
  if (use == ParameterUse::counted) write.value = model::StoredValue::changed;
  writes_.emplace_back(index, std::move(write));
}

}  // namespace isoaudit::analyzer
