#include "analyzer/code/passed_arguments.h"

namespace isoaudit::analyzer {
namespace {

/// How far a pointer is followed from callee to callee; behind it "may be written" is the answer.
constexpr unsigned deepest_passing = 8;

/// Bytes of code that are read a second time to learn what callees do with their arguments. Calls into the middle of
/// one long function, each another place, would take for ever; after this many "may be written" is the answer.
constexpr std::uint64_t most_summarized = std::uint64_t{64} << 20;

unsigned bit(std::uint64_t argument) { return argument < 32 ? 1u << argument : 0u; }

}  // namespace

ParameterUse PassedArguments::use_of(std::uint64_t callee, unsigned argument, unsigned depth) {
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

const PassedArguments::Summary& PassedArguments::summary_of(std::uint64_t address) {
  const auto [place, fresh] = summaries_.try_emplace(address);
  if (!fresh) return place->second;
  Summary summary;
  const std::ptrdiff_t index = code_.function_at(address);
  if (index < 0) {
    summary.unknown = ~0u;
    return place->second = summary;
  }
  FunctionRange range = code_.functions()[static_cast<std::size_t>(index)];
  range.begin = address;
  summarized_ += range.end - range.begin;
  if (summarized_ > most_summarized) {
    summary.unknown = ~0u;
    return place->second = summary;
  }
  FunctionCode function;
  code_.decode(range, function);
  code_.flow(function, [&](const State& state, const Instruction& instruction) {
    summarize(range, state, instruction, summary);
  });
  return summaries_[address] = summary;
}

void PassedArguments::summarize(const FunctionRange& range, const State& state, const Instruction& instruction,
                                Summary& summary) {
  if (instruction.op == Op::call || instruction.op == Op::jump) {
    if (!stays_inside(range, instruction)) summarize_call(state, instruction, summary);
    return;
  }
  if (!instruction.writes_memory) return;
  const Evaluator& evaluator = code_.evaluator();
  if (instruction.op == Op::fill || instruction.op == Op::move_block) {
    const Value to = evaluator.register_value(state, 7);
    if (to.kind == Value::Kind::argument) summary.written |= bit(to.bits);
    return;
  }
  const Place place = evaluator.place(state, instruction.memory);
  if (place.kind == Place::Kind::argument && !instruction.atomic) summary.written |= bit(place.at);
}

void PassedArguments::summarize_call(const State& state, const Instruction& instruction, Summary& summary) {
  const Evaluator& evaluator = code_.evaluator();
  const Value callee = code_.callee_of(state, instruction);
  // A jump through a table stays in the function.
  if (instruction.op == Op::jump && !callee.known()) return;
  const auto& arguments = evaluator.convention().arguments;
  for (unsigned i = 0; i < arguments.size(); ++i) {
    const Value value = evaluator.register_value(state, arguments[i]);
    if (value.kind != Value::Kind::argument) continue;
    if (callee.kind == Value::Kind::address) {
      summary.passes.insert({static_cast<unsigned>(value.bits), callee.bits, i});
    } else if (callee.kind == Value::Kind::import) {
      const ParameterUse use = parameter_use(code_.text(callee.name), i);
      if (use == ParameterUse::written) summary.written |= bit(value.bits);
      if (use == ParameterUse::unknown) summary.unknown |= bit(value.bits);
    } else {
      summary.unknown |= bit(value.bits);
    }
  }
}

}  // namespace isoaudit::analyzer
