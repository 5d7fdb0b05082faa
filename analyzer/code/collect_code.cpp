#include "analyzer/code/collect_code.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <numeric>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/code/code_graph.h"
#include "analyzer/code/module_code.h"
#include "analyzer/code/neighbours.h"
#include "analyzer/code/once_functions.h"
#include "analyzer/code/phases.h"
#include "analyzer/code/place_name.h"
#include "analyzer/code/split_functions.h"
#include "analyzer/code/stores.h"

namespace isoaudit::analyzer {
namespace {

/// The C runtime's own functions, where a symbol table names them.
bool is_runtime_s_own(std::string_view name) {
  for (const char* own :
       {"__do_global_dtors_aux", "frame_dummy", "register_tm_clones", "deregister_tm_clones", "_init", "_fini"}) {
    if (name == own) return true;
  }
  return false;
}

/// Which of the steps the time went to.
class Laps {
 public:
  /// All since the last lap counts for `sum`.
  void lap(std::uint64_t& sum) {
    const auto now = std::chrono::steady_clock::now();
    sum += static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now - last_).count());
    last_ = now;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Rows of half a kilobyte: their numbers are sorted, and each is moved once.
std::vector<model::CodeWrite> sorted_unique(std::vector<std::pair<std::size_t, model::CodeWrite>> rows) {
  std::vector<std::uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::uint32_t i) -> const model::CodeWrite& { return rows[i].second; });
  std::vector<model::CodeWrite> sorted;
  sorted.reserve(rows.size());
  for (const std::uint32_t i : order) {
    if (sorted.empty() || sorted.back() != rows[i].second) sorted.push_back(std::move(rows[i].second));
  }
  return sorted;
}

model::CodeFacts read_code(const Image& image, Decoder& decoder, const LineOf& line_of) {
  model::CodeFacts facts{.read = true};
  model::CodeTime& time = facts.time;
  Laps laps;
  ModuleCode code(image, decoder);
  CodeGraph graph(code);
  // Asked in the midst of what else a lap counts.
  const LineOf timed_line_of = [&](std::uint64_t address) {
    Laps one;
    model::Location line = line_of(address);
    one.lap(time.debug_lines);
    return line;
  };
  Stores stores(code, line_of ? timed_line_of : line_of);
  FunctionCode function;
  SplitFunctions split(code);
  OnceFunctions once(code);
  std::unordered_set<std::uint32_t> concerned;
  laps.lap(time.call_graph);
  for (std::size_t i = 0; i < code.functions().size(); ++i) {
    if (is_runtime_s_own(code.functions()[i].name)) continue;
    code.decode(code.functions()[i], function);
    laps.lap(time.decoding);
    graph.note(i, function);
    const bool piece = split.note(i, function);
    once.note(i, function);
    laps.lap(time.call_graph);
    if (!piece) {
      stores.read(i, function);
    } else if (stores.concerns(function)) {
      concerned.insert(static_cast<std::uint32_t>(i));
    }
    facts.text += function.decoded;
    laps.lap(time.propagation);
  }
  graph.finish();
  const std::vector<std::vector<std::uint32_t>> groups = split.groups(graph);
  code.set_pieces(groups);
  laps.lap(time.call_graph);
  for (const std::vector<std::uint32_t>& pieces : groups) {
    const auto is_concerned = [&](std::uint32_t piece) { return concerned.contains(piece); };
    if (std::ranges::none_of(pieces, is_concerned)) continue;
    code.decode(pieces, function);
    laps.lap(time.decoding);
    stores.read(pieces.front(), function);
    laps.lap(time.propagation);
  }
  function = {};  // who looks a second time has room of his own
  std::vector<std::pair<std::size_t, model::CodeWrite>> writes = stores.take();
  cut_at_neighbours(writes);
  facts.reads = stores.take_reads();
  laps.lap(time.propagation);
  const Phases phases(code, graph);
  const std::map<std::uint32_t, std::string> run_once = once.find(graph);
  // Writes come function by function.
  std::size_t last = code.functions().size();
  std::vector<model::Reached> reached;
  std::string function_name;
  for (auto& [index, write] : writes) {
    if (index != last) {
      last = index;
      reached = phases.reached(index);
      function_name = code.shown_name(index);
    }
    write.reached = reached;
    write.function = function_name;
  }
  laps.lap(time.call_graph);
  for (auto& [index, write] : writes) {
    write.name = demangled(write.symbol);
    const auto waits = run_once.find(static_cast<std::uint32_t>(index));
    if (waits != run_once.end() && write.guard.empty()) write.guard = waits->second;
  }
  facts.writes = sorted_unique(std::move(writes));
  time.propagation -= std::min(time.propagation, time.debug_lines);
  if (stores.is_cut()) {
    facts.read = false;
    facts.why_not = "it goes through more pointers in tables than are followed";
  }
  return facts;
}

}  // namespace

model::CodeFacts collect_code(const Image& image, const LineOf& line_of) {
  try {
    Decoder* decoder = image.pointer_size == 8 ? Decoder::of_thread(image.machine) : nullptr;
    if (decoder == nullptr) return {.why_not = "no disassembler for " + image.arch + " is built in"};
    return read_code(image, *decoder, line_of);
  } catch (const std::exception& error) {
    return {.why_not = std::string("its machine code cannot be read: ") + error.what()};
  }
}

}  // namespace isoaudit::analyzer
