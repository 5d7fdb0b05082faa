#include "analyzer/code/once_functions.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace isoaudit::analyzer {
namespace {

/// Each has its flag as first argument. POSIX; Include/internal/pycore_lock.h; libc++'s <mutex>; the Windows API;
/// Grand Central Dispatch.
struct OnceCaller {
  std::string_view name{};
  /// Which argument is the function.
  unsigned function = 0;
};
constexpr OnceCaller once_callers[] = {
    {"pthread_once", 1},        {"_PyOnceFlag_CallOnceSlow", 1},
    {"InitOnceExecuteOnce", 1}, {"_ZNSt3__111__call_onceERVmPvPFvS2_E", 2},
    {"dispatch_once_f", 2},
};

/// libstdc++ hands this to pthread_once: it calls what `std::__once_call` holds, which is thread-local.
constexpr std::string_view once_proxy = "__once_proxy";

const OnceCaller* once_caller(std::string_view import) {
  const auto* found = std::ranges::find(once_callers, import, &OnceCaller::name);
  return found == std::end(once_callers) ? nullptr : found;
}

}  // namespace

/// What one function hands over.
struct OnceFunctions::Seen {
  /// The function, its flag, and who calls it.
  struct Direct {
    std::uint32_t function = 0;
    std::optional<std::uint64_t> flag{};
    std::string by{};
  };
  std::vector<Direct> direct{};
  /// Through the C++ library: in the order of no matter what.
  std::vector<std::uint32_t> stored{};
  std::vector<std::optional<std::uint64_t>> flags{};
  /// Functions that somebody else got as well.
  std::vector<std::uint32_t> others{};
};

std::ptrdiff_t OnceFunctions::function_of(const Value& value) const {
  if (value.kind != Value::Kind::address) return -1;
  const std::ptrdiff_t found = code_.function_at(value.bits);
  return found >= 0 && code_.functions()[static_cast<std::size_t>(found)].begin == value.bits ? found : -1;
}

OnceFunctions::OnceFunctions(ModuleCode& code) : code_(code) {
  const Image& image = code.image();
  // Other formats may write their names in other ways.
  idle_ = image.format == model::BinaryFormat::elf &&
          std::ranges::none_of(once_callers, [&](const OnceCaller& row) { return image.imports_symbol(row.name); });
}

void OnceFunctions::note(std::size_t index, const FunctionCode& function) {
  if (idle_) return;
  const auto calls_once = [&](std::uint32_t number) {
    const Instruction& instruction = function.instructions[number];
    const bool leaves =
        instruction.op == Op::call || (instruction.op == Op::jump && !stays_inside(function, instruction));
    return leaves && once_caller(code_.import_of(instruction)) != nullptr;
  };
  if (std::ranges::none_of(function.outward, calls_once)) return;
  Seen seen;
  code_.flow(function, [&](const State& state, const Instruction& instruction) { look(state, instruction, seen); });
  const auto giver = static_cast<std::uint32_t>(index);
  for (const Seen::Direct& direct : seen.direct) {
    const std::set<std::uint64_t> flags = direct.flag ? std::set{*direct.flag} : std::set<std::uint64_t>{};
    hand(direct.function, giver, flags, direct.by);
  }
  // Which function goes with which flag: all have one, or each has one of its own.
  std::set<std::uint64_t> flags;
  for (const auto& flag : seen.flags) flags.insert(flag.value_or(0));
  const bool known = !flags.contains(0);
  std::vector<std::uint32_t> stored = seen.stored;
  std::ranges::sort(stored);
  const bool all_differ = std::ranges::adjacent_find(stored) == stored.end();
  const bool apart = seen.stored.size() == seen.flags.size() && all_differ && flags.size() == seen.flags.size();
  for (const std::uint32_t function_number : stored) {
    // Of several flags which one is its own does not matter, but that it has one: the giver stands for it.
    const std::set<std::uint64_t> own = flags.size() == 1 ? flags : std::set{~std::uint64_t{giver}};
    const bool sure = known && (flags.size() == 1 || apart);
    hand(function_number, giver, sure ? own : std::set<std::uint64_t>{}, "std::call_once");
  }
  for (const std::uint32_t other : seen.others) handed_[other].otherwise = true;
}

void OnceFunctions::hand(std::uint32_t function, std::uint32_t giver, const std::set<std::uint64_t>& flags,
                         const std::string& by) {
  Handed& handed = handed_[function];
  handed.givers.insert(giver);
  handed.flags.insert(flags.begin(), flags.end());
  handed.otherwise = handed.otherwise || flags.empty();
  handed.by = by;
}

void OnceFunctions::look(const State& state, const Instruction& instruction, Seen& seen) {
  if (instruction.op == Op::call || instruction.op == Op::jump) return look_at_call(state, instruction, seen);
  if (instruction.op != Op::store || instruction.width != 8) return;
  const Evaluator& evaluator = code_.evaluator();
  const auto elsewhere = [&](Register number) {
    if (number == no_register) return false;
    const Value value = evaluator.register_value(state, number);
    return value.kind == Value::Kind::thread && thread_owner(value) == ThreadOwner::elsewhere;
  };
  const bool in_other_module = elsewhere(instruction.memory.base) || elsewhere(instruction.memory.index);
  for (unsigned part = 0; part < (instruction.pair ? 2u : 1u); ++part) {
    const std::ptrdiff_t function = function_of(evaluator.stored(state, instruction, part));
    if (function < 0) continue;
    (in_other_module && !instruction.pair ? seen.stored : seen.others).push_back(static_cast<std::uint32_t>(function));
  }
}

void OnceFunctions::look_at_call(const State& state, const Instruction& instruction, Seen& seen) {
  const Evaluator& evaluator = code_.evaluator();
  const auto& arguments = evaluator.convention().arguments;
  const Value callee = code_.callee_of(state, instruction);
  const OnceCaller* once = callee.kind == Value::Kind::import ? once_caller(code_.text(callee.name)) : nullptr;
  const Value flag_value = evaluator.register_value(state, arguments[0]);
  std::optional<std::uint64_t> flag;
  if (flag_value.kind == Value::Kind::address) flag = flag_value.bits;
  if (once != nullptr) {
    const Value handed = evaluator.register_value(state, arguments[once->function]);
    if (handed.kind == Value::Kind::import && code_.text(handed.name) == once_proxy) seen.flags.push_back(flag);
  }
  for (unsigned i = 0; i < arguments.size(); ++i) {
    const std::ptrdiff_t function = function_of(evaluator.register_value(state, arguments[i]));
    if (function < 0) continue;
    const auto number = static_cast<std::uint32_t>(function);
    if (once != nullptr && i == once->function) {
      seen.direct.push_back({number, flag, std::string(once->name)});
    } else if (once == nullptr) {
      seen.others.push_back(number);
    }
  }
}

std::map<std::uint32_t, std::string> OnceFunctions::find(const CodeGraph& graph) const {
  std::map<std::uint32_t, std::string> found;
  if (handed_.empty()) return found;
  // Who leads to a function in another way.
  std::set<std::uint32_t> entered;
  for (const EntryIntoFunction& entry : graph.entries()) entered.insert(static_cast<std::uint32_t>(entry.function));
  for (const std::size_t function : graph.exported()) entered.insert(static_cast<std::uint32_t>(function));
  for (const auto& [giver, function] : graph.at_exit()) entered.insert(function);
  for (const auto& [giver, function] : graph.takes()) {
    const auto handed = handed_.find(function);
    if (handed == handed_.end() || !handed->second.givers.contains(giver)) entered.insert(function);
  }
  std::map<std::uint32_t, std::vector<std::uint32_t>> callers;
  for (const auto& [caller, callee] : graph.calls()) {
    if (caller != callee) callers[callee].push_back(caller);
  }
  for (const auto& [function, handed] : handed_) {
    const bool alone = !handed.otherwise && handed.flags.size() == 1;
    if (alone && !entered.contains(function) && !callers.contains(function)) found.emplace(function, handed.by);
  }
  // What they alone call: each step adds functions, or is the last.
  const std::map<std::uint32_t, std::string> roots = found;
  for (const auto& [root, by] : roots) {
    std::set<std::uint32_t> own{root};
    std::vector<std::uint32_t> open{root};
    while (!open.empty()) {
      const std::uint32_t caller = open.back();
      open.pop_back();
      for (auto edge = std::ranges::lower_bound(graph.calls(), std::pair(caller, std::uint32_t{0}));
           edge != graph.calls().end() && edge->first == caller; ++edge) {
        const std::uint32_t callee = edge->second;
        const auto is_own = [&](std::uint32_t other) { return own.contains(other); };
        const bool only = callee != caller && !entered.contains(callee) && !handed_.contains(callee) &&
                          std::ranges::all_of(callers[callee], is_own);
        if (only && own.insert(callee).second) open.push_back(callee);
      }
    }
    for (const std::uint32_t function : own) found.emplace(function, by);
  }
  return found;
}

}  // namespace isoaudit::analyzer
