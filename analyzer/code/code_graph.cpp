#include "analyzer/code/code_graph.h"

#include <algorithm>
#include <vector>

#include "analyzer/code/init_tables.h"

namespace isoaudit::analyzer {

CodeGraph::CodeGraph(ModuleCode& code) : code_(code) {
  const Image& image = code.image();
  const auto init_tables = find_init_tables(code);
  const auto in_init_table = [&](std::uint64_t at) {
    return std::ranges::any_of(init_tables, [&](const auto& t) { return at >= t.first && at < t.second; });
  };
  for (const Section& section : image.sections) {
    const bool starts = section.name == ".init_array" || section.name == ".ctors" || section.name == ".preinit_array" ||
                        section.name.ends_with(",__mod_init_func");
    if (section.executable) continue;
    for (const Relocation& relocation : image.relocations_in(section.address, section.address + section.size)) {
      const std::ptrdiff_t function = relocation.target == 0 ? -1 : code.function_at(relocation.target);
      if (function < 0) continue;
      (starts || in_init_table(relocation.at) ? constructors_ : taken_).insert(static_cast<std::size_t>(function));
    }
  }
  for (const std::uint64_t address : image.initializers) {
    const std::ptrdiff_t function = code.function_at(address);
    if (function >= 0) constructors_.insert(static_cast<std::size_t>(function));
  }
  for (const Symbol& symbol : image.symbols) {
    if (!symbol.exported || symbol.kind != Symbol::Kind::function) continue;
    const std::ptrdiff_t function = code.function_at(symbol.address);
    if (function >= 0) taken_.insert(static_cast<std::size_t>(function));
  }
}

void CodeGraph::note(std::size_t index, const FunctionCode& function) {
  const FunctionRange& range = code_.functions()[index];
  for (const Instruction& instruction : function.instructions) {
    std::uint64_t target = 0;
    if (instruction.has_target) {
      target = instruction.target;
    } else if (instruction.op == Op::address && instruction.memory.base == no_register) {
      target = static_cast<std::uint64_t>(instruction.memory.displacement);
    }
    if (target == 0 || (target >= range.begin && target < range.end)) continue;
    const std::ptrdiff_t found = code_.function_at(target);
    if (found >= 0) (instruction.has_target ? callers_ : takers_)[static_cast<std::size_t>(found)].insert(index);
  }
}

/// Nobody calls it or takes its address: on Windows, a handler that only the unwinder runs. What it refers to is
/// referred to by the function that it belongs to.
bool CodeGraph::is_handler(std::size_t function) const {
  return code_.image().format == model::BinaryFormat::pe && !taken_.contains(function) && !takers_.contains(function) &&
         !callers_.contains(function) && !constructors_.contains(function);
}

/// Something beside constructors may call it.
bool CodeGraph::has_other_callers(std::size_t function, const std::set<std::size_t>& constructors) const {
  const auto outside = [&](std::size_t c) { return !constructors.contains(c) && !is_handler(c); };
  const auto callers = callers_.find(function), takers = takers_.find(function);
  return taken_.contains(function) || (callers != callers_.end() && std::ranges::any_of(callers->second, outside)) ||
         (takers != takers_.end() &&
          std::ranges::any_of(takers->second, [&](std::size_t taker) { return !is_handler(taker); }));
}

/// Reached from the loader's table of constructors and from nowhere else: all that can be reached from there, less
/// what others call too. Functions in a circle vouch for each other.
std::set<std::size_t> CodeGraph::constructors_only() const {
  std::map<std::size_t, std::vector<std::size_t>> callees;
  for (const auto& [callee, callers] : callers_) {
    for (const std::size_t caller : callers) callees[caller].push_back(callee);
  }
  std::set<std::size_t> only;
  std::vector<std::size_t> open(constructors_.begin(), constructors_.end());
  while (!open.empty()) {
    const std::size_t function = open.back();
    open.pop_back();
    if (!only.insert(function).second) continue;
    for (const std::size_t callee : callees[function]) open.push_back(callee);
  }
  open.assign(only.begin(), only.end());
  while (!open.empty()) {
    const std::size_t function = open.back();
    open.pop_back();
    if (!only.contains(function) || !has_other_callers(function, only)) continue;
    only.erase(function);
    for (const std::size_t callee : callees[function]) open.push_back(callee);
  }
  return only;
}

}  // namespace isoaudit::analyzer
