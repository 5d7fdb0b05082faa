#include "analyzer/code/init_tables.h"

#include <cstddef>
#include <set>

namespace isoaudit::analyzer {

std::vector<std::pair<std::uint64_t, std::uint64_t>> find_init_tables(ModuleCode& code) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> tables;
  const Image& image = code.image();
  if (image.format != model::BinaryFormat::pe) return tables;
  constexpr std::size_t most_startup_functions = 64;
  std::vector<std::uint64_t> open = image.initializers;
  std::set<std::ptrdiff_t> seen;
  FunctionCode function;
  while (!open.empty() && seen.size() < most_startup_functions) {
    const std::ptrdiff_t index = code.function_at(open.back());
    open.pop_back();
    if (index < 0 || !seen.insert(index).second) continue;
    code.decode(code.functions()[static_cast<std::size_t>(index)], function);
    for (const Instruction& i : function.instructions) {
      if (i.has_target && (i.op == Op::call || i.op == Op::jump)) open.push_back(i.target);
    }
    code.flow(function, [&](const State& state, const Instruction& i) {
      if (i.op != Op::call || !code.import_of(i).starts_with("_initterm")) return;
      const auto& arguments = code.evaluator().convention().arguments;
      const Value first = code.evaluator().register_value(state, arguments[0]);
      const Value last = code.evaluator().register_value(state, arguments[1]);
      if (is_image_address(first) && is_image_address(last)) tables.emplace_back(first.bits, last.bits);
    });
  }
  return tables;
}

}  // namespace isoaudit::analyzer
