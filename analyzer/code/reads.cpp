#include "analyzer/code/reads.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace isoaudit::analyzer {
namespace {

bool loads(const Instruction& instruction) {
  return instruction.has_memory && !instruction.writes_memory && instruction.op != Op::address;
}

}  // namespace

void Reads::look(std::size_t index, const State& state, const Instruction& instruction) {
  if (!loads(instruction)) return;
  const Place place = code_.evaluator().place(state, instruction.memory);
  if (place.kind != Place::Kind::image) return;
  add(index, place.at);
  if (place.last != place.at) add(index, place.last);
}

void Reads::add(std::size_t index, std::uint64_t address) {
  if (!code_.writable(address)) return;
  const Section* section = code_.image().section_at(address);
  // The linker's table stays writable in some files; what is read there is an address, not a variable.
  if (section == nullptr || is_address_table(section->name)) return;
  rows_.add(address, static_cast<std::uint32_t>(index));
}

std::vector<model::CodeRead> Reads::take() {
  const std::vector<FunctionsByPlace::Row>& rows = rows_.sorted();
  std::unordered_map<std::uint32_t, std::string> names;
  // By section, as the facts are sorted; within one the rows are already, but for the functions of one place.
  std::map<std::string_view, std::vector<model::CodeRead>> by_section;
  for (std::size_t i = 0; i < rows.size();) {
    const std::uint64_t address = rows[i].first;
    const Section* section = code_.image().section_at(address);
    std::vector<model::CodeRead>& reads = by_section[section->name];
    const auto first = static_cast<std::ptrdiff_t>(reads.size());
    for (; i < rows.size() && rows[i].first == address; ++i) {
      const auto [name, fresh] = names.try_emplace(rows[i].second);
      if (fresh) name->second = code_.shown_name(rows[i].second);
      reads.push_back({section->name, address - section->address, name->second});
    }
    std::ranges::sort(reads.begin() + first, reads.end(), {}, &model::CodeRead::function);
    // Parts of one function have one name.
    reads.erase(std::unique(reads.begin() + first, reads.end()), reads.end());
  }
  std::vector<model::CodeRead> all;
  all.reserve(rows.size());
  for (auto& [section, reads] : by_section) std::ranges::move(reads, std::back_inserter(all));
  rows_ = {};
  // Two sections of one name.
  if (!std::ranges::is_sorted(all)) std::ranges::sort(all);
  return all;
}

}  // namespace isoaudit::analyzer
