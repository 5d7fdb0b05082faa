#include "analyzer/code/passed_arguments.h"

#include <algorithm>
#include <vector>

namespace isoaudit::analyzer {
namespace {

/// To how many parameters a pointer is followed from callee to callee; behind them "may be written" is the answer.
constexpr std::size_t most_parameters = 256;

/// Bytes of code that are read a second time to learn what callees do with their arguments. Calls into the middle of
/// one long function, each another place, would take for ever; after this many "may be written" is the answer.
constexpr std::uint64_t most_summarized = std::uint64_t{64} << 20;

}  // namespace

ParameterUse PassedArguments::Summary::use_of(unsigned argument) const {
  const auto has = [&](unsigned mask) { return ((mask >> argument) & 1) != 0; };
  if (has(written)) return ParameterUse::written;
  if (has(unknown)) return ParameterUse::unknown;
  return has(atomic) ? ParameterUse::atomically : ParameterUse::not_written;
}

/// All that the pointer can get to, circles of calls included, before anything is said.
ParameterUse PassedArguments::use_of(std::uint64_t callee, unsigned argument) {
  const Parameter root(callee, argument);
  if (const auto known = uses_.find(root); known != uses_.end()) return known->second;
  std::set<Parameter> seen{root};
  std::vector<Parameter> open{root};
  ParameterUse use = ParameterUse::not_written;
  while (!open.empty() && use != ParameterUse::written) {
    const Parameter parameter = open.back();
    open.pop_back();
    if (const auto known = uses_.find(parameter); known != uses_.end()) {
      use = std::max(use, known->second);
      continue;
    }
    const Summary& summary = summary_of(parameter.first);
    use = std::max(use, summary.use_of(parameter.second));
    for (const auto& [from, next, to] : summary.passes) {
      if (from == parameter.second && seen.insert({next, to}).second) open.emplace_back(next, to);
    }
    if (seen.size() > most_parameters) {
      use = std::max(use, ParameterUse::unknown);
      break;
    }
  }
  return uses_[root] = use;
}

const PassedArguments::Summary& PassedArguments::summary_of(std::uint64_t address) {
  const auto [place, fresh] = summaries_.try_emplace(address);
  if (!fresh) return place->second;
  Summary summary;
  const std::ptrdiff_t index = code_.function_at(address);
  if (index < 0) {
    summary.unknown = ~0u;
    return place->second = summary;
  }
  summarized_ += code_.functions()[static_cast<std::size_t>(index)].end - address;
  if (summarized_ > most_summarized) {
    summary.unknown = ~0u;
    return place->second = summary;
  }
  FunctionCode function;
  code_.decode_from(address, static_cast<std::size_t>(index), function);
  code_.flow(function, [&](const State& state, const Instruction& instruction) {
    summarize(function, state, instruction, summary);
  });
  return summaries_[address] = summary;
}

void PassedArguments::summarize(const FunctionCode& function, const State& state, const Instruction& instruction,
                                Summary& summary) {
  if (instruction.op == Op::call || instruction.op == Op::jump) {
    if (!stays_inside(function, instruction)) summarize_call(state, instruction, summary);
    return;
  }
  if (!instruction.writes_memory) return;
  const Evaluator& evaluator = code_.evaluator();
  if (instruction.op == Op::fill || instruction.op == Op::move_block) {
    const Value to = evaluator.register_value(state, 7);
    summary.written |= to.arguments();
    return;
  }
  const Place place = evaluator.place(state, instruction.memory);
  (instruction.atomic ? summary.atomic : summary.written) |= place.arguments;
}

void PassedArguments::summarize_call(const State& state, const Instruction& instruction, Summary& summary) {
  const Evaluator& evaluator = code_.evaluator();
  const Value callee = code_.callee_of(state, instruction);
  // A jump through a table stays in the function.
  if (instruction.op == Op::jump && !callee.known()) return;
  const auto& arguments = evaluator.convention().arguments;
  for (unsigned i = 0; i < arguments.size(); ++i) {
    const Value value = evaluator.register_value(state, arguments[i]);
    const unsigned passed = value.arguments();
    if (passed == 0) continue;
    if (callee.kind == Value::Kind::address) {
      for (unsigned from = 0; from < arguments.size(); ++from) {
        if (((passed >> from) & 1) != 0) summary.passes.insert({from, callee.bits, i});
      }
    } else if (callee.kind == Value::Kind::import) {
      const ParameterUse use = parameter_use(code_.text(callee.name), i);
      if (use == ParameterUse::written) summary.written |= passed;
      if (use == ParameterUse::unknown) summary.unknown |= passed;
    } else {
      summary.unknown |= passed;
    }
  }
}

}  // namespace isoaudit::analyzer
