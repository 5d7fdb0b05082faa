#include "analyzer/code/passed_arguments.h"

#include <algorithm>
#include <set>

#include "analyzer/code/stack_arguments.h"

namespace isoaudit::analyzer {
namespace {

/// To how many parameters a pointer is followed from callee to callee; behind them "may be written" is the answer.
constexpr std::size_t most_parameters = 256;

/// Bytes of code that are read a second time to learn what callees do with their arguments: so many, and so often all
/// that there are. Calls into the middle of one long function, each another place, would take for ever; after this many
/// "may be written" is the answer.
constexpr std::uint64_t summarized_anyway = std::uint64_t{64} << 10, summarized_times = 3;
constexpr std::uint64_t summarized_at_most = std::uint64_t{64} << 20;

constexpr unsigned pointer_size = 8;

std::uint64_t most_summarized(const std::vector<FunctionRange>& functions) {
  std::uint64_t text = 0;
  for (const FunctionRange& function : functions) text += function.end - function.begin;
  return std::min(summarized_anyway + text * summarized_times, summarized_at_most);
}

}  // namespace

PassedArguments::PassedArguments(ModuleCode& code)
    : code_(code), walk_(code.image(), code.evaluator(), *this), most_summarized_(most_summarized(code.functions())) {}

ParameterUse PassedArguments::Summary::use_of(unsigned argument) const {
  const auto has = [&](unsigned mask) { return ((mask >> argument) & 1) != 0; };
  if (has(written)) return ParameterUse::written;
  if (has(unknown)) return ParameterUse::unknown;
  if (has(kept)) return ParameterUse::kept;
  if (has(atomic)) return ParameterUse::atomically;
  if (has(counted)) return ParameterUse::counted;
  return has(handed_back) ? ParameterUse::handed_back : ParameterUse::not_written;
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
    const Summary& summary = summary_of(parameter.first, parameter.second);
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

const PassedArguments::Summary& PassedArguments::summary_of(std::uint64_t address, unsigned argument) {
  const auto known = summaries_.find(address);
  if (known != summaries_.end() && known->second.tells(argument)) return known->second;
  const std::ptrdiff_t index = code_.function_at(address);
  if (index >= 0) summarized_ += code_.functions()[static_cast<std::size_t>(index)].end - address;
  if (index < 0 || summarized_ > most_summarized_) return summaries_[address] = {.unknown = ~0u};
  code_.decode_from(address, static_cast<std::size_t>(index), again_);
  begin(again_);
  summary_ = known != summaries_.end() ? known->second : Summary{.told = 0};
  const auto expected = expected_.find(address);
  walk_along_arguments((expected != expected_.end() ? expected->second : 0) | 1u << argument);
  if (!summary_.tells(argument)) {
    summary_ = {};
    walk_.give_room_back();
    code_.flow(again_, [&](const State& state, const Instruction& instruction) { look(state, instruction); });
  }
  end();
  return summaries_[address];
}

/// Callers leave in registers what the function does not take, and much of what it takes is only read. `asked`: bits.
void PassedArguments::walk_along_arguments(unsigned asked) {
  const CallingConvention& convention = code_.evaluator().convention();
  const unsigned in_registers = (1u << convention.arguments.size()) - 1;
  if ((asked & ~in_registers) != 0) {
    summary_.told |= ~in_registers & ~stack_arguments_of(*function_, convention, positions_);
  }
  const State nothing;
  walk_.begin(*function_);
  for (unsigned i = 0; i < convention.arguments.size(); ++i) {
    if ((asked >> i & 1) == 0 || summary_.tells(i) || !walk_.follow_argument(i)) continue;
    const auto hangs_on_others = [&](const AddressWalk::Pass& pass) {
      return code_.hangs_on_others(function_->instructions[pass.instruction], pass.argument);
    };
    if (std::ranges::any_of(walk_.passes(), hangs_on_others)) continue;
    summary_.told |= 1u << i;
    for (const AddressWalk::Pass& pass : walk_.passes()) {
      const Instruction& call = function_->instructions[pass.instruction];
      const Value callee = code_.callee_of(call);
      if (call.op != Op::jump || callee.known()) hand_on(1u << i, nothing, callee, pass.argument);
    }
  }
}

void PassedArguments::begin(const FunctionCode& function) {
  function_ = &function;
  summary_ = {};
}

void PassedArguments::end() {
  std::ranges::sort(summary_.passes);
  summary_.passes.erase(std::unique(summary_.passes.begin(), summary_.passes.end()), summary_.passes.end());
  summary_.passes.shrink_to_fit();
  summaries_[function_->begin] = std::move(summary_);
}

void PassedArguments::look(const State& state, const Instruction& instruction) {
  if (instruction.op == Op::call || instruction.op == Op::jump) {
    if (!stays_inside(*function_, instruction)) look_at_call(state, instruction);
    return;
  }
  const Evaluator& evaluator = code_.evaluator();
  // Whoever called has it again, by a pointer that nothing more is known of.
  if (instruction.op == Op::result) {
    summary_.handed_back |= evaluator.register_value(state, evaluator.convention().result).arguments();
    return;
  }
  if (!instruction.writes_memory) return;
  if (instruction.op == Op::fill || instruction.op == Op::move_block) {
    const Value to = evaluator.register_value(state, 7);
    summary_.written |= to.arguments();
    return;
  }
  const Place place = evaluator.place(state, instruction.memory);
  // A pointer that is kept elsewhere: who finds it there may write.
  if (place.kind != Place::Kind::stack && instruction.op == Op::store) {
    for (unsigned part = 0; part < (instruction.pair ? 2u : 1u) && instruction.width == pointer_size; ++part) {
      summary_.kept |= evaluator.stored(state, instruction, part).arguments();
    }
  }
  // A flag, or what is added to: no pointer.
  const bool number = instruction.op == Op::update || (instruction.width != 0 && instruction.width < pointer_size);
  (!instruction.atomic ? summary_.written : number ? summary_.counted : summary_.atomic) |= place.arguments;
}

void PassedArguments::look_at_call(const State& state, const Instruction& instruction) {
  const Evaluator& evaluator = code_.evaluator();
  std::optional<Value> callee;
  evaluator.each_argument(state, instruction, [&](unsigned number, const Value& value) {
    const unsigned passed = value.arguments();
    if (passed == 0) return;
    if (!callee) callee = code_.callee_of(state, instruction);
    // A jump through a table stays in the function.
    if (instruction.op == Op::jump && !callee->known()) return;
    hand_on(passed, state, *callee, number);
  });
}

/// Arguments of the function, as bits, may be argument `number` of the callee.
void PassedArguments::hand_on(unsigned passed, const State& state, const Value& callee, unsigned number) {
  if (callee.kind == Value::Kind::address && !code_.stands_for_instruction(callee)) {
    for (unsigned from = 0; from < most_arguments; ++from) {
      if (((passed >> from) & 1) != 0) summary_.passes.emplace_back(from, callee.bits, number);
    }
  } else if (callee.kind == Value::Kind::import || callee.kind == Value::Kind::address) {
    const ParameterUse use = code_.import_use_at(state, callee.name, number);
    if (use == ParameterUse::written) summary_.written |= passed;
    if (use == ParameterUse::unknown) summary_.unknown |= passed;
    if (use == ParameterUse::atomically) summary_.atomic |= passed;
    if (use == ParameterUse::counted) summary_.counted |= passed;
  } else if (!code_.evaluator().is_on_stack(number)) {
    summary_.unknown |= passed;
  }
}

}  // namespace isoaudit::analyzer
