#include "analyzer/code/collect_code.h"

#include <llvm/Demangle/Demangle.h>

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "analyzer/code/call_targets.h"
#include "analyzer/code/function_flow.h"
#include "analyzer/code/functions.h"
#include "analyzer/code/parameters.h"

namespace isoaudit::analyzer {
namespace {

/// How far a pointer is followed from callee to callee; behind it "may be written" is the answer.
constexpr unsigned deepest_passing = 8;

/// Bytes of code that are read a second time to learn what callees do with their arguments. Calls into the middle of
/// one long function, each another place, would take for ever; after this many "may be written" is the answer.
constexpr std::uint64_t most_summarized = std::uint64_t{64} << 20;

/// The C runtime's own functions, where a symbol table names them.
bool is_runtime_s_own(std::string_view name) {
  for (const char* own :
       {"__do_global_dtors_aux", "frame_dummy", "register_tm_clones", "deregister_tm_clones", "_init", "_fini"}) {
    if (name == own) return true;
  }
  return false;
}

/// Variables that compilers add: guards of function-local statics, and the C runtime's "has run" flag.
bool is_compiler_s_own(std::string_view name) {
  return name.starts_with("_ZGV") || name == "completed.0" || name == "__dso_handle" || name == "__TMC_END__";
}

/// The linker's table of addresses, through which exported variables are reached.
bool is_address_table(std::string_view section) { return section.starts_with(".got") || section.ends_with(",__got"); }

bool is_address(const Value& value) { return value.kind == Value::Kind::address || value.kind == Value::Kind::region; }

class CodeCollector {
 public:
  CodeCollector(const Image& image, Decoder& decoder)
      : image_(image), decoder_(decoder), targets_(image, decoder), evaluator_(image, names_) {
    functions_ = find_functions(image);
    for (const Section& section : image.sections) {
      if (is_address_table(section.name)) pointers_begin_ = std::min(pointers_begin_, section.address);
      if (!section.writable()) continue;
      writable_begin_ = std::min(writable_begin_, section.address);
      writable_end_ = std::max(writable_end_, section.address + section.size);
    }
  }

  model::CodeFacts run() {
    find_init_tables();
    note_taken_addresses();
    for (std::size_t i = 0; i < functions_.size(); ++i) read_function(i);
    mark_constructors();
    resolve_passed();
    model::CodeFacts facts{.read = true};
    for (auto& [index, write] : writes_) {
      write.constructor = constructor_only_.contains(index);
      write.name = llvm::demangle(write.symbol);
      write.function = llvm::demangle(write.function);
      facts.writes.push_back(std::move(write));
    }
    std::ranges::sort(facts.writes);
    facts.writes.erase(std::unique(facts.writes.begin(), facts.writes.end()), facts.writes.end());
    return facts;
  }

 private:
  bool writable(std::uint64_t address) const {
    if (address < writable_begin_ || address >= writable_end_) return false;
    const Section* section = image_.section_at(address);
    return section != nullptr && section->writable();
  }

  void read_function(std::size_t index) {
    if (is_runtime_s_own(functions_[index].name)) return;
    decode_function(image_, decoder_, functions_[index], code_);
    bool flows = false, finalizes = false;
    for (const Instruction& instruction : code_.instructions) {
      note_edges(index, instruction);
      flows = flows || makes_writable_address(instruction);
      if (instruction.op == Op::call && import_of(instruction) == "__cxa_finalize") finalizes = true;
    }
    if (flows) {
      flow_through(
          evaluator_, code_, [&](const State& s, const Instruction& i) { return result_of(s, i); },
          [&](const State& state, const Instruction& instruction) { look(index, state, instruction, finalizes); });
      return;
    }
    const State nothing;
    for (const Instruction& instruction : code_.instructions) {
      if (instruction.writes_memory) look(index, nothing, instruction, finalizes);
    }
  }

  /// Only what forms an address of writable memory can later store through it: all other functions need no propagation.
  bool makes_writable_address(const Instruction& instruction) const {
    if (!instruction.has_memory || instruction.memory.base != no_register || instruction.memory.index != no_register ||
        instruction.memory.segment) {
      return false;
    }
    const auto address = static_cast<std::uint64_t>(instruction.memory.displacement);
    if (instruction.op == Op::address) {
      // AArch64 forms a page first: what lies in it comes with the next instruction.
      if (image_.machine != Machine::aarch64) return writable(address);
      // So do the addresses of exported variables, in the linker's table.
      return address + 4096 > std::min(writable_begin_, pointers_begin_) && address < writable_end_;
    }
    // A call's result that is stored directly: the flow tells which.
    if (instruction.op == Op::store && instruction.src != no_register && writable(address)) return true;
    if (instruction.op != Op::load) return false;
    const Pointer pointer = image_.pointer_at(address);
    return pointer.kind == Pointer::Kind::address && writable(pointer.value);
  }

  std::string import_of(const Instruction& instruction) {
    if (instruction.has_target) return targets_.import_at(instruction.target);
    if (!instruction.has_memory || instruction.memory.base != no_register) return {};
    const Pointer pointer = image_.pointer_at(static_cast<std::uint64_t>(instruction.memory.displacement));
    return pointer.kind == Pointer::Kind::import ? std::string(pointer.name) : std::string();
  }

  Value callee_of(const State& state, const Instruction& instruction) {
    if (const std::string import = import_of(instruction); !import.empty()) {
      return {Value::Kind::import, names_.number_of(import), 0};
    }
    if (instruction.has_target) return {Value::Kind::address, 0, instruction.target};
    if (!instruction.has_memory) return evaluator_.register_value(state, instruction.src);
    return evaluator_.load(state, evaluator_.place(state, instruction.memory), 8, nullptr);
  }

  Value result_of(const State& state, const Instruction& instruction) {
    const Value callee = callee_of(state, instruction);
    return {Value::Kind::result, callee.kind == Value::Kind::import ? callee.name : 0, 0};
  }

  void look(std::size_t index, const State& state, const Instruction& instruction, bool finalizes) {
    if (instruction.op == Op::call || instruction.op == Op::jump) return look_at_call(index, state, instruction);
    if (!instruction.writes_memory) return;
    Place place;
    if (instruction.op == Op::fill || instruction.op == Op::move_block) {
      const Value to = evaluator_.register_value(state, 7);
      if (is_address(to)) place = {Place::Kind::image, to.bits, true};
    } else {
      place = evaluator_.place(state, instruction.memory);
    }
    if (place.kind != Place::Kind::image || !writable(place.at)) return;
    // "completed.0": set once, when the library is unloaded.
    const bool flag = finalizes && instruction.width == 1 && instruction.has_immediate && instruction.immediate == 1;
    if (flag) return;
    model::CodeWrite write = write_at(index, place.at);
    if (is_compiler_s_own(write.symbol)) return;
    write.atomic = instruction.atomic;
    write.size = place.indexed ? 0 : instruction.width * (instruction.pair ? 2u : 1u);
    if (instruction.op == Op::store) {
      const Value value = evaluator_.stored(state, instruction, 0);
      if (value.kind == Value::Kind::result) write.result_of = names_.text(value.name);
    }
    writes_.emplace_back(index, std::move(write));
  }

  model::CodeWrite write_at(std::size_t index, std::uint64_t address) const {
    model::CodeWrite write;
    const Section* section = image_.section_at(address);
    write.section = section->name;
    write.offset = address - section->address;
    write.function = functions_[index].name;
    const Symbol* symbol = image_.symbol_at(address);
    if (symbol != nullptr && symbol->kind == Symbol::Kind::object) write.symbol = symbol->name;
    return write;
  }

  void look_at_call(std::size_t index, const State& state, const Instruction& instruction) {
    const auto& arguments = evaluator_.convention().arguments;
    const auto is_ours = [&](Register argument) {
      const Value value = evaluator_.register_value(state, argument);
      return is_address(value) && writable(value.bits);
    };
    if (std::ranges::none_of(arguments, is_ours)) return;
    const bool inside = instruction.op == Op::jump && instruction.has_target &&
                        instruction.target >= functions_[index].begin && instruction.target < functions_[index].end;
    if (inside) return;
    const Value callee = callee_of(state, instruction);
    // A jump through a table stays in the function.
    if (instruction.op == Op::jump && !callee.known()) return;
    for (unsigned i = 0; i < arguments.size(); ++i) {
      if (!is_ours(arguments[i])) continue;
      std::string name;
      if (callee.kind == Value::Kind::import) {
        name = names_.text(callee.name);
        if (parameter_use(name, i) == ParameterUse::not_written) continue;
      } else if (callee.kind == Value::Kind::address) {
        name = local_name(callee.bits);
        pending_.push_back({index, callee.bits, i, evaluator_.register_value(state, arguments[i]).bits, name});
        continue;
      } else {
        name = "a function called through a pointer";
      }
      add_passed(index, evaluator_.register_value(state, arguments[i]).bits, name);
    }
  }

  std::string local_name(std::uint64_t address) const {
    const Symbol* symbol = image_.symbol_at(address);
    if (symbol != nullptr && symbol->address == address) return symbol->name;
    const Section* section = image_.section_at(address);
    if (section == nullptr) return "a function of this file";
    char text[32];
    std::snprintf(text, sizeof text, "+0x%llx", static_cast<unsigned long long>(address - section->address));
    return section->name + text;
  }

  void add_passed(std::size_t index, std::uint64_t address, const std::string& callee) {
    model::CodeWrite write = write_at(index, address);
    if (is_compiler_s_own(write.symbol)) return;
    write.passed_to = callee;
    writes_.emplace_back(index, std::move(write));
  }

  // --- who calls whom, who can be called from outside
  // -----------------------------------------------------------------

  std::ptrdiff_t function_at(std::uint64_t address) const {
    const auto next = std::ranges::upper_bound(functions_, address, {}, &FunctionRange::begin);
    if (next == functions_.begin()) return -1;
    const auto found = std::prev(next);
    return address < found->end ? found - functions_.begin() : -1;
  }

  /// Windows' C runtime goes through tables of initialisers when the loader calls it; they lie in a section of
  /// constants, without a name. Its calls of _initterm tell where.
  void find_init_tables() {
    if (image_.format != model::BinaryFormat::pe || image_.initializers.empty()) return;
    constexpr std::size_t most_startup_functions = 64;
    std::vector<std::uint64_t> open = image_.initializers;
    std::set<std::ptrdiff_t> seen;
    while (!open.empty() && seen.size() < most_startup_functions) {
      const std::ptrdiff_t index = function_at(open.back());
      open.pop_back();
      if (index < 0 || !seen.insert(index).second) continue;
      decode_function(image_, decoder_, functions_[static_cast<std::size_t>(index)], code_);
      for (const Instruction& i : code_.instructions) {
        if (i.has_target && (i.op == Op::call || i.op == Op::jump)) open.push_back(i.target);
      }
      flow_through(
          evaluator_, code_, [&](const State& s, const Instruction& i) { return result_of(s, i); },
          [&](const State& state, const Instruction& i) {
            if (i.op != Op::call || !import_of(i).starts_with("_initterm")) return;
            const auto& arguments = evaluator_.convention().arguments;
            const Value first = evaluator_.register_value(state, arguments[0]);
            const Value last = evaluator_.register_value(state, arguments[1]);
            if (is_address(first) && is_address(last)) init_tables_.push_back({first.bits, last.bits});
          });
    }
  }

  bool in_init_table(std::uint64_t at) const {
    return std::ranges::any_of(init_tables_, [&](const auto& t) { return at >= t.first && at < t.second; });
  }

  void note_taken_addresses() {
    for (const Section& section : image_.sections) {
      const bool starts = section.name == ".init_array" || section.name == ".ctors" ||
                          section.name == ".preinit_array" || section.name.ends_with(",__mod_init_func");
      if (section.executable) continue;
      for (const Relocation& relocation : image_.relocations_in(section.address, section.address + section.size)) {
        const std::ptrdiff_t function = relocation.target == 0 ? -1 : function_at(relocation.target);
        if (function >= 0)
          (starts || in_init_table(relocation.at) ? constructors_ : taken_).insert(static_cast<std::size_t>(function));
      }
    }
    for (const std::uint64_t address : image_.initializers) {
      const std::ptrdiff_t function = function_at(address);
      if (function >= 0) constructors_.insert(static_cast<std::size_t>(function));
    }
    for (const Symbol& symbol : image_.symbols) {
      if (!symbol.exported || symbol.kind != Symbol::Kind::function) continue;
      if (const std::ptrdiff_t function = function_at(symbol.address); function >= 0) taken_.insert(function);
    }
  }

  void note_edges(std::size_t index, const Instruction& instruction) {
    std::uint64_t target = 0;
    if (instruction.has_target) {
      target = instruction.target;
    } else if (instruction.op == Op::address && instruction.memory.base == no_register) {
      target = static_cast<std::uint64_t>(instruction.memory.displacement);
    }
    if (target == 0 || (target >= functions_[index].begin && target < functions_[index].end)) return;
    const std::ptrdiff_t function = function_at(target);
    if (function < 0) return;
    if (instruction.has_target) {
      callers_[static_cast<std::size_t>(function)].insert(index);
    } else {
      takers_[static_cast<std::size_t>(function)].insert(index);
    }
  }

  /// Nobody calls it or takes its address: on Windows, a handler that only the unwinder runs. What it refers to is
  /// referred to by the function that it belongs to.
  bool is_handler(std::size_t function) const {
    return image_.format == model::BinaryFormat::pe && !taken_.contains(function) && !takers_.contains(function) &&
           !callers_.contains(function) && !constructors_.contains(function);
  }

  /// Something beside constructors may call it.
  bool has_other_callers(std::size_t function) const {
    const auto outside = [&](std::size_t c) { return !constructor_only_.contains(c) && !is_handler(c); };
    const auto callers = callers_.find(function), takers = takers_.find(function);
    return taken_.contains(function) || (callers != callers_.end() && std::ranges::any_of(callers->second, outside)) ||
           (takers != takers_.end() &&
            std::ranges::any_of(takers->second, [&](std::size_t taker) { return !is_handler(taker); }));
  }

  /// Reached from the loader's table of constructors and from nowhere else: all that can be reached from there, less
  /// what others call too. Functions in a circle vouch for each other.
  void mark_constructors() {
    std::map<std::size_t, std::vector<std::size_t>> callees;
    for (const auto& [callee, callers] : callers_) {
      for (const std::size_t caller : callers) callees[caller].push_back(callee);
    }
    std::vector<std::size_t> open(constructors_.begin(), constructors_.end());
    while (!open.empty()) {
      const std::size_t function = open.back();
      open.pop_back();
      if (!constructor_only_.insert(function).second) continue;
      for (const std::size_t callee : callees[function]) open.push_back(callee);
    }
    open.assign(constructor_only_.begin(), constructor_only_.end());
    while (!open.empty()) {
      const std::size_t function = open.back();
      open.pop_back();
      if (!constructor_only_.contains(function) || !has_other_callers(function)) continue;
      constructor_only_.erase(function);
      for (const std::size_t callee : callees[function]) open.push_back(callee);
    }
  }

  /// An address that went to a function of the file: whether that writes through it, its own code tells.
  void resolve_passed() {
    for (const Passed& passed : pending_) {
      const ParameterUse use = use_of(passed.callee, passed.argument, 0);
      if (use != ParameterUse::not_written) add_passed(passed.function, passed.address, passed.name);
    }
  }

  // --- what a function of the file does with what it gets
  // ---------------------------------------------------------------

  struct Passed {
    std::size_t function = 0;
    std::uint64_t callee = 0;
    unsigned argument = 0;
    std::uint64_t address = 0;
    std::string name{};
  };

  struct Summary {
    /// Bit i: writes through argument i.
    unsigned written = 0;
    unsigned unknown = 0;
    /// Argument → callee, its argument.
    std::set<std::tuple<unsigned, std::uint64_t, unsigned>> passes{};
  };

  ParameterUse use_of(std::uint64_t callee, unsigned argument, unsigned depth) {
    const auto key = std::pair(callee, argument);
    if (const auto known = uses_.find(key); known != uses_.end()) return known->second;
    // In a circle of calls nothing is written unless something outside it says so.
    uses_[key] = ParameterUse::not_written;
    ParameterUse use = ParameterUse::not_written;
    if (depth > deepest_passing) {
      use = ParameterUse::unknown;
    } else if (const Summary& summary = summary_of(callee); ((summary.written >> argument) & 1) != 0) {
      use = ParameterUse::written;
    } else {
      if (((summary.unknown >> argument) & 1) != 0) use = ParameterUse::unknown;
      for (const auto& [from, next, to] : summary.passes) {
        if (from != argument) continue;
        const ParameterUse there = use_of(next, to, depth + 1);
        if (there == ParameterUse::written || use == ParameterUse::not_written) use = there;
        if (use == ParameterUse::written) break;
      }
    }
    return uses_[key] = use;
  }

  const Summary& summary_of(std::uint64_t address) {
    const auto [place, fresh] = summaries_.try_emplace(address);
    if (!fresh) return place->second;
    Summary summary;
    const std::ptrdiff_t index = function_at(address);
    if (index < 0) {
      summary.unknown = ~0u;
      return place->second = summary;
    }
    FunctionRange range = functions_[static_cast<std::size_t>(index)];
    range.begin = address;
    summarized_ += range.end - range.begin;
    if (summarized_ > most_summarized) {
      summary.unknown = ~0u;
      return place->second = summary;
    }
    FunctionCode code;
    decode_function(image_, decoder_, range, code);
    flow_through(
        evaluator_, code, [&](const State& s, const Instruction& i) { return result_of(s, i); },
        [&](const State& state, const Instruction& instruction) { summarize(range, state, instruction, summary); });
    return summaries_[address] = summary;
  }

  void summarize(const FunctionRange& range, const State& state, const Instruction& instruction, Summary& summary) {
    const auto bit = [](std::uint64_t argument) { return argument < 32 ? 1u << argument : 0u; };
    if (instruction.op == Op::call || instruction.op == Op::jump) {
      const bool inside = instruction.op == Op::jump && instruction.has_target && instruction.target >= range.begin &&
                          instruction.target < range.end;
      if (inside) return;
      const Value callee = callee_of(state, instruction);
      if (instruction.op == Op::jump && !callee.known()) return;
      const auto& arguments = evaluator_.convention().arguments;
      for (unsigned i = 0; i < arguments.size(); ++i) {
        const Value value = evaluator_.register_value(state, arguments[i]);
        if (value.kind != Value::Kind::argument) continue;
        if (callee.kind == Value::Kind::address) {
          summary.passes.insert({static_cast<unsigned>(value.bits), callee.bits, i});
        } else if (callee.kind == Value::Kind::import) {
          const ParameterUse use = parameter_use(names_.text(callee.name), i);
          if (use == ParameterUse::written) summary.written |= bit(value.bits);
          if (use == ParameterUse::unknown) summary.unknown |= bit(value.bits);
        } else {
          summary.unknown |= bit(value.bits);
        }
      }
      return;
    }
    if (!instruction.writes_memory) return;
    if (instruction.op == Op::fill || instruction.op == Op::move_block) {
      const Value to = evaluator_.register_value(state, 7);
      if (to.kind == Value::Kind::argument) summary.written |= bit(to.bits);
      return;
    }
    const Place place = evaluator_.place(state, instruction.memory);
    if (place.kind == Place::Kind::argument && !instruction.atomic) summary.written |= bit(place.at);
  }

  const Image& image_;
  Decoder& decoder_;
  Names names_{};
  CallTargets targets_;
  Evaluator evaluator_;
  std::vector<FunctionRange> functions_{};
  std::uint64_t writable_begin_ = ~std::uint64_t{0}, writable_end_ = 0;
  std::uint64_t pointers_begin_ = ~std::uint64_t{0};
  FunctionCode code_{};
  std::vector<std::pair<std::size_t, model::CodeWrite>> writes_{};
  std::vector<Passed> pending_{};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> init_tables_{};
  std::set<std::size_t> constructors_{}, taken_{}, constructor_only_{};
  std::map<std::size_t, std::set<std::size_t>> callers_{}, takers_{};
  std::map<std::uint64_t, Summary> summaries_{};
  std::uint64_t summarized_ = 0;
  std::map<std::pair<std::uint64_t, unsigned>, ParameterUse> uses_{};
};

}  // namespace

model::CodeFacts collect_code(const Image& image) {
  try {
    const std::unique_ptr<Decoder> decoder = image.pointer_size == 8 ? Decoder::create(image.machine) : nullptr;
    if (decoder == nullptr) return {.why_not = "no disassembler for " + image.arch + " is built in"};
    return CodeCollector(image, *decoder).run();
  } catch (const std::exception& error) {
    return {.why_not = std::string("its machine code cannot be read: ") + error.what()};
  }
}

}  // namespace isoaudit::analyzer
