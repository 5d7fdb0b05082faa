#include "analyzer/code/hook_parts.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/code/known_functions.h"

namespace isoaudit::analyzer {
namespace {

/// How far a callee is looked at to see whether it leads to a function that makes a module.
constexpr std::size_t longest_look = 4000;
constexpr unsigned deepest_look = 3;

}  // namespace

HookReader::Parts::Decoded& HookReader::Parts::decoded_at(std::uint64_t address) {
  const auto [place, fresh] = decoded.try_emplace(address);
  Instruction& instruction = place->second.instruction;
  if (fresh) {
    const Section* section = image.section_at(address);
    const bool code = section != nullptr && section->executable && address - section->address < section->bytes.size();
    if (!code || !decoder->decode(section->bytes.subspan(address - section->address), address, instruction)) {
      instruction.size = 0;
    }
  }
  return place->second;
}

bool HookReader::Parts::leads_to_module(std::uint64_t address, unsigned depth) {
  if (const auto known = leads.find(address); known != leads.end()) return known->second;
  leads[address] = false;
  const std::uint32_t look = ++looks;
  std::vector<std::uint64_t> open{address}, callees;
  for (std::size_t seen = 0; !open.empty() && seen < longest_look;) {
    Decoded& place = decoded_at(open.back());
    open.pop_back();
    if (std::exchange(place.look, look) == look) continue;
    ++seen;
    if (place.instruction.size == 0) continue;
    const Instruction* instruction = &place.instruction;
    if (instruction->op == Op::call || instruction->op == Op::jump) {
      std::string_view name;
      if (instruction->has_target) {
        name = targets.import_at(instruction->target);
        if (name.empty()) (instruction->op == Op::call ? callees : open).push_back(instruction->target);
      } else if (instruction->has_memory && instruction->memory.base == no_register) {
        name = image.pointer_at(static_cast<std::uint64_t>(instruction->memory.displacement)).name;
      }
      if (matters(name)) return leads[address] = true;
    }
    if (instruction->is_branch()) open.push_back(instruction->target);
    if (!instruction->ends_block()) open.push_back(instruction->next());
  }
  if (depth < deepest_look) {
    std::ranges::sort(callees);
    callees.erase(std::unique(callees.begin(), callees.end()), callees.end());
    for (const std::uint64_t callee : callees) {
      if (leads_to_module(callee, depth + 1)) return leads[address] = true;
    }
  }
  return false;
}

}  // namespace isoaudit::analyzer
