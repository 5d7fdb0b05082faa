#include "cli/renamed_facts.h"

namespace isoaudit::cli {

void RenamedFacts::rename(model::SourceFacts& facts) const {
  for (model::Unit& unit : facts.units) {
    file(unit.file);
    for (std::string& source : unit.includes) file(source);
  }
  const auto each = [&](auto& rows) {
    for (auto& row : rows) {
      file(row.unit);
      place(row.where);
    }
  };
  each(facts.entry_points);
  for (model::SourceEntryPoint& hook : facts.entry_points) place(hook.declaration);
  each(facts.variables);
  for (model::Variable& variable : facts.variables) {
    for (model::Write& write : variable.writes) place(write.where);
  }
  each(facts.api_uses);
  each(facts.type_specs);
  each(facts.handed_callbacks);
}

void RenamedFacts::rename(std::vector<model::Gap>& gaps) const {
  for (model::Gap& gap : gaps) {
    const std::string input = unpacked_.shown(gap.input);
    const bool is_whole = input == "." || input.empty();
    gap.input = is_whole ? whole_ : input.starts_with('/') ? input : prefix_ + input;
    gap.reason = unpacked_.shown(std::move(gap.reason));
  }
}

void RenamedFacts::file(std::string& path) const {
  if (path.empty()) return;
  path = unpacked_.shown(std::move(path));
  if (!path.starts_with('/')) path = prefix_ + path;
}

}  // namespace isoaudit::cli
