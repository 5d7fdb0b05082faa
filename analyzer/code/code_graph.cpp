#include "analyzer/code/code_graph.h"

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_map>

#include "analyzer/code/address_uses.h"
#include "analyzer/code/hook_slots.h"
#include "analyzer/code/init_tables.h"
#include "analyzer/code/page_uses.h"
#include "analyzer/code/python_tables.h"
#include "model/module_definition.h"

namespace isoaudit::analyzer {
namespace {

using model::RunsWhen;

/// The linker's table of addresses: an entry there says only that some instruction refers to it.
bool is_linkers_table(std::string_view section) { return section.starts_with(".got") || section.ends_with("__got"); }

bool holds_constructors(std::string_view section) {
  return section == ".init_array" || section == ".preinit_array" || section == ".ctors" ||
         section.ends_with(",__mod_init_func");
}

bool holds_destructors(std::string_view section) {
  return section == ".fini_array" || section == ".dtors" || section.ends_with(",__mod_term_func");
}

/// The process's or the library's end: the C library's manual, Doc/c-api/sys.rst, the Itanium C++ ABI. The function is
/// the first argument.
bool asks_for_call_at_exit(std::string_view import) {
  constexpr std::string_view names[] = {"Py_AtExit", "__cxa_atexit", "atexit", "on_exit"};
  return std::ranges::find(names, import) != std::end(names);
}

/// What compilers put between functions: nothing happens there.
bool is_filling(const Instruction& instruction) {
  return instruction.op == Op::other && instruction.dst == no_register && instruction.clobbers == 0 &&
         !instruction.writes_memory;
}

/// Control may leave the function at its end: a piece of a long one, or hand-written code with several names. After a
/// call that does not return comes another function.
bool runs_on(const FunctionCode& function) {
  const auto& all = function.instructions;
  const auto last = std::find_if_not(all.rbegin(), all.rend(), is_filling);
  if (last == all.rend() || last->ends_block()) return false;
  return last->op != Op::call || function.end - function.begin == longest_function;
}

void sort_unique(CodeGraph::Edges& edges) {
  std::ranges::sort(edges);
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
}

}  // namespace

bool is_part_name(std::string_view name) {
  return name.ends_with(".cold") || name.find(".cold.") != std::string_view::npos ||
         name.find(".__part.") != std::string_view::npos;
}

CodeGraph::CodeGraph(ModuleCode& code) : code_(code), called_(code.functions().size(), false) {
  const Image& image = code.image();
  for (const std::uint64_t address : image.initializers) {
    enter(address, RunsWhen::static_initialiser, "a constructor function");
  }
  for (const Section& section : image.sections) {
    if (is_linkers_table(section.name)) linkers_tables_.push_back(&section);
  }
  enter_tables();
  for (const Symbol& symbol : image.symbols) {
    if (!symbol.exported || symbol.kind != Symbol::Kind::function) continue;
    if (model::parse_hook(symbol.name)) enter(symbol.address, RunsWhen::hook, "import");
    const std::ptrdiff_t function = code.function_at(symbol.address);
    if (function >= 0) exported_.insert(static_cast<std::size_t>(function));
  }
}

bool CodeGraph::in_linkers_table(std::uint64_t address) const {
  return std::ranges::any_of(linkers_tables_, [&](const Section* table) { return table->contains(address); });
}

void CodeGraph::enter(std::uint64_t address, RunsWhen when, std::string how, bool certain) {
  const std::ptrdiff_t function = code_.function_at(address);
  if (function >= 0) entries_.push_back({static_cast<std::size_t>(function), when, std::move(how), certain});
}

void CodeGraph::enter_tables() {
  const Image& image = code_.image();
  const auto init_tables = find_init_tables(code_);
  const auto in_init_table = [&](std::uint64_t at) {
    return std::ranges::any_of(init_tables, [&](const auto& t) { return at >= t.first && at < t.second; });
  };
  for (FunctionInTable& entry : find_functions_in_tables(Memory(image))) {
    const Section* section = image.section_at(entry.at);
    if (section == nullptr || is_linkers_table(section->name)) continue;
    if (holds_constructors(section->name) || in_init_table(entry.at)) {
      enter(entry.function, RunsWhen::static_initialiser, "a constructor function");
    } else if (holds_destructors(section->name)) {
      enter(entry.function, RunsWhen::process, "a destructor function");
    } else {
      enter(entry.function, entry.when, std::move(entry.how), entry.by_python);
    }
  }
}

/// A slot that the hook fills in is no callback: the one address that the hook takes for it is not handed out.
void CodeGraph::enter_hook_slots() {
  const auto is_exec = [](const EntryIntoFunction& entry) { return entry.when == RunsWhen::exec; };
  if (std::ranges::any_of(entries_, is_exec)) return;
  for (const FunctionInHookSlot& slot : find_functions_in_hook_slots(code_.image())) {
    enter(slot.function, RunsWhen::exec, slot.creates ? "Py_mod_create" : "Py_mod_exec");
    const std::ptrdiff_t hook = code_.function_at(slot.hook), function = code_.function_at(slot.function);
    if (hook < 0 || function < 0) continue;
    const auto edge = std::pair(static_cast<std::uint32_t>(hook), static_cast<std::uint32_t>(function));
    if (std::ranges::count(takes_, edge) == 1) std::erase(takes_, edge);
  }
}

void CodeGraph::note(std::size_t index, const FunctionCode& function) {
  const Image& image = code_.image();
  const FunctionRange& range = code_.functions()[index];
  const auto from = static_cast<std::uint32_t>(index);
  has_holes_ = has_holes_ || function.undecoded != 0;
  bool asks = false;
  for (const std::uint32_t number : function.outward) {
    const Instruction& instruction = function.instructions[number];
    const bool leaves = instruction.op == Op::call || instruction.op == Op::jump;
    std::ptrdiff_t callee = -1;
    if (instruction.has_target) {
      if (instruction.target >= range.begin && instruction.target < range.end) continue;
      callee = code_.called_function(instruction);
    } else if (leaves && instruction.names_address()) {
      const Pointer pointer = image.pointer_at(static_cast<std::uint64_t>(instruction.memory.displacement));
      if (pointer.kind == Pointer::Kind::address) callee = code_.function_at(pointer.value);
    }
    if (callee >= 0) calls_.emplace_back(from, static_cast<std::uint32_t>(callee));
    if (callee >= 0 && instruction.op == Op::call) called_[static_cast<std::size_t>(callee)] = true;
    if (callee < 0 && leaves && !asks) asks = asks_for_call_at_exit(code_.import_of(instruction));
  }
  for (const std::uint64_t label : function.labels_elsewhere) {
    const std::ptrdiff_t callee = code_.function_at(label);
    if (callee < 0) continue;
    // No function with a name is a part of another one.
    const FunctionRange& part = code_.functions()[static_cast<std::size_t>(callee)];
    const bool begins = part.begin == label && (part.name.empty() || is_part_name(part.name));
    if (begins) parts_.emplace_back(from, static_cast<std::uint32_t>(callee));
  }
  if (index + 1 < code_.functions().size() && code_.functions()[index + 1].begin == range.end && runs_on(function)) {
    calls_.emplace_back(from, from + 1);
  }
  std::vector<std::uint32_t> taken;
  const auto take = [&](std::uint64_t address, bool read) {
    if (read) {
      if (!in_linkers_table(address)) return;
      const Pointer pointer = image.pointer_at(address);
      if (pointer.kind != Pointer::Kind::address) return;
      address = pointer.value;
    }
    const std::ptrdiff_t found = code_.function_at(address);
    if (found >= 0 && found != static_cast<std::ptrdiff_t>(index)) taken.push_back(static_cast<std::uint32_t>(found));
  };
  const auto take_page = [&](std::uint64_t page) { pages_.emplace(page, from); };
  // By reference: nothing to ask memory for, in each of the functions.
  each_address(image, function, std::cref(take), std::cref(take_page));
  if (asks) note_at_exit(index, function, taken);
  for (const std::uint32_t found : taken) takes_.emplace_back(from, found);
}

/// Whose address goes nowhere else is not handed out.
void CodeGraph::note_at_exit(std::size_t index, const FunctionCode& function, std::vector<std::uint32_t>& taken) {
  code_.flow(function, [&](const State& state, const Instruction& instruction) {
    if (instruction.op != Op::call && instruction.op != Op::jump) return;
    const Value callee = code_.callee_of(state, instruction);
    if (callee.kind != Value::Kind::import || !asks_for_call_at_exit(code_.text(callee.name))) return;
    const Evaluator& evaluator = code_.evaluator();
    const Value argument = evaluator.register_value(state, evaluator.convention().arguments[0]);
    const std::ptrdiff_t found = argument.kind == Value::Kind::address ? code_.function_at(argument.bits) : -1;
    if (found < 0) return;
    at_exit_.emplace_back(static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(found));
    if (const auto one = std::ranges::find(taken, static_cast<std::uint32_t>(found)); one != taken.end()) {
      taken.erase(one);
    }
  });
}

void CodeGraph::finish() {
  enter_hook_slots();
  // Nobody calls a part.
  for (const auto& edge : parts_) {
    if (!called_[edge.second]) calls_.push_back(edge);
  }
  const std::vector<FunctionRange>& functions = code_.functions();
  // An address in this page is put together somewhere: of any function that begins there, or that an entry names.
  for (const auto& [page, from] : pages_) {
    auto next = std::ranges::lower_bound(functions, page, {}, &FunctionRange::begin);
    for (; next != functions.end() && next->begin < page + page_size; ++next) {
      takes_.emplace_back(from, static_cast<std::uint32_t>(next - functions.begin()));
    }
    for (const Relocation& relocation : code_.image().relocations_in(page, page + page_size)) {
      if (relocation.target == 0 || !in_linkers_table(relocation.at)) continue;
      const std::ptrdiff_t found = code_.function_at(relocation.target);
      if (found >= 0) takes_.emplace_back(from, static_cast<std::uint32_t>(found));
    }
  }
  // "f.cold" belongs to "f", however that gets there.
  std::unordered_map<std::string_view, std::uint32_t> by_name;
  for (std::uint32_t i = 0; i < functions.size(); ++i) {
    if (!functions[i].name.empty() && !is_part_name(functions[i].name)) by_name.emplace(functions[i].name, i);
  }
  for (std::uint32_t i = 0; i < functions.size(); ++i) {
    const std::string_view name = functions[i].name;
    if (!is_part_name(name)) continue;
    const std::size_t end = std::min(name.rfind(".cold"), name.rfind(".__part."));
    if (const auto whole = by_name.find(name.substr(0, end)); whole != by_name.end()) {
      calls_.emplace_back(whole->second, i);
    }
  }
  for (Edges* edges : {&calls_, &takes_, &at_exit_}) sort_unique(*edges);
}

}  // namespace isoaudit::analyzer
