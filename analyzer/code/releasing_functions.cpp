#include "analyzer/code/releasing_functions.h"

#include <algorithm>

#include "analyzer/code/module_code.h"
#include "analyzer/tables/locks.h"

namespace isoaudit::analyzer {
namespace {

/// What gives a lock back for its caller is short and near: so many functions are looked at, and of each so many bytes.
constexpr std::size_t most_functions = 32;
constexpr std::uint64_t longest = 4096;

/// Calls into the middle of one long function, each another place, would take for ever.
constexpr std::uint64_t looked_at_most = std::uint64_t{16} << 20;

}  // namespace

bool ReleasingFunctions::release(std::uint64_t function, const std::string& lock) {
  const auto [answer, fresh] = answers_.try_emplace({function, lock}, true);
  if (!fresh) return answer->second;
  // Names that are met below may take the place of the one that was given.
  const std::string& held = answer->first.second;
  std::vector<std::string> taken, released;
  std::vector<std::uint64_t> order{function};
  for (std::size_t next = 0; next < order.size() && next < most_functions; ++next) {
    if (looked_at_ > looked_at_most) return true;
    const Body& body = body_of(order[next]);
    taken.insert(taken.end(), body.taken.begin(), body.taken.end());
    released.insert(released.end(), body.released.begin(), body.released.end());
    for (const std::uint64_t callee : body.callees) {
      if (std::ranges::find(order, callee) == order.end()) order.push_back(callee);
    }
  }
  return answer->second = std::ranges::any_of(released, [&](const std::string& unlock) {
           const bool fits = held.empty() ? unlock.find("PyMutex_") != unlock.npos : releases(unlock, held);
           const auto balances = [&](const std::string& one) { return releases(unlock, one); };
           return fits && std::ranges::none_of(taken, balances);
         });
}

const ReleasingFunctions::Body& ReleasingFunctions::body_of(std::uint64_t function) {
  const auto [entry, fresh] = known_.try_emplace(function);
  const std::ptrdiff_t index = fresh ? code_.function_at(function) : -1;
  if (index < 0) return entry->second;
  FunctionRange range = code_.functions()[static_cast<std::size_t>(index)];
  range.begin = function;
  range.end = std::min(range.end, function + longest);
  looked_at_ += range.end - range.begin;
  FunctionCode code;
  code_.decode(range, code);
  for (const Instruction& instruction : code.instructions) {
    const bool jumps_out = instruction.op == Op::jump && !stays_inside(code, instruction);
    if (instruction.op != Op::call && !jumps_out) continue;
    const Value callee = code_.callee_of(instruction);
    const std::string& name = code_.text(callee.name);
    if (lock_taken_by(name) != nullptr) {
      entry->second.taken.push_back(name);
    } else if (releases_any(name)) {
      entry->second.released.push_back(name);
    } else if (callee.kind == Value::Kind::address && entry->second.callees.size() < most_functions) {
      entry->second.callees.push_back(callee.bits);
    }
  }
  return entry->second;
}

}  // namespace isoaudit::analyzer
