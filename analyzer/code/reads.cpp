#include "analyzer/code/reads.h"

#include <algorithm>
#include <string>
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
  const Row row(address, static_cast<std::uint32_t>(index));
  if (!rows_.empty() && rows_.back() == row) return;
  rows_.push_back(row);
  if (rows_.size() < most_rows_) return;
  sort_unique();
  most_rows_ = rows_.size() * 2;
}

void Reads::sort_unique() {
  std::ranges::sort(rows_);
  rows_.erase(std::unique(rows_.begin(), rows_.end()), rows_.end());
}

std::vector<model::CodeRead> Reads::take() {
  sort_unique();
  std::unordered_map<std::uint32_t, std::string> names;
  std::vector<model::CodeRead> reads;
  reads.reserve(rows_.size());
  for (const auto& [address, function] : rows_) {
    const Section* section = code_.image().section_at(address);
    const auto [name, fresh] = names.try_emplace(function);
    if (fresh) name->second = code_.shown_name(function);
    reads.push_back({section->name, address - section->address, name->second});
  }
  rows_ = {};
  std::ranges::sort(reads);
  // Parts of one function have one name.
  reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
  return reads;
}

}  // namespace isoaudit::analyzer
