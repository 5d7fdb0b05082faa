#include "analyzer/code/collect_code.h"

#include <llvm/Demangle/Demangle.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "analyzer/code/code_graph.h"
#include "analyzer/code/module_code.h"
#include "analyzer/code/phases.h"
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

model::CodeFacts read_code(const Image& image, Decoder& decoder) {
  ModuleCode code(image, decoder);
  CodeGraph graph(code);
  Stores stores(code);
  FunctionCode function;
  for (std::size_t i = 0; i < code.functions().size(); ++i) {
    if (is_runtime_s_own(code.functions()[i].name)) continue;
    code.decode(code.functions()[i], function);
    graph.note(i, function);
    stores.read(i, function);
  }
  graph.finish();
  const Phases phases(code, graph);
  model::CodeFacts facts{.read = true};
  // Writes come function by function.
  std::size_t last = code.functions().size();
  std::vector<model::Reached> reached;
  for (auto& [index, write] : stores.take()) {
    if (index != last) reached = phases.reached(last = index);
    write.reached = reached;
    write.constructor = reached.size() == 1 && reached[0].when == model::RunsWhen::static_initialiser;
    write.name = llvm::demangle(write.symbol);
    write.function = code.shown_name(index);
    facts.writes.push_back(std::move(write));
  }
  std::ranges::sort(facts.writes);
  facts.writes.erase(std::unique(facts.writes.begin(), facts.writes.end()), facts.writes.end());
  return facts;
}

}  // namespace

model::CodeFacts collect_code(const Image& image) {
  try {
    const std::unique_ptr<Decoder> decoder = image.pointer_size == 8 ? Decoder::create(image.machine) : nullptr;
    if (decoder == nullptr) return {.why_not = "no disassembler for " + image.arch + " is built in"};
    return read_code(image, *decoder);
  } catch (const std::exception& error) {
    return {.why_not = std::string("its machine code cannot be read: ") + error.what()};
  }
}

}  // namespace isoaudit::analyzer
