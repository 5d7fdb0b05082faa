#include "rules/source_modules.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

namespace isoaudit::rules {
namespace {

using model::EntryPoint;
using model::ModuleReport;

/// Module, file, symbol.
using Hook = std::tuple<std::string, std::string, std::string>;
/// What it answers, and to which Pythons, by their place in the audit.
using Answers = std::map<EntryPoint, std::set<std::size_t>>;

std::map<Hook, Answers> answers_of(const model::Facts& facts, const std::vector<model::SourceView>& views) {
  std::map<Hook, Answers> hooks;
  for (const model::SourceView& view : views) {
    for (const model::SourceEntryPoint& hook : view.facts.entry_points) {
      std::set<std::size_t>& pythons = hooks[{hook.entry.module, hook.where.file, hook.entry.symbol}][hook.entry];
      for (std::size_t i = 0; i < facts.pythons.size(); ++i) {
        if (std::ranges::find(view.pythons, facts.pythons[i].id) != view.pythons.end()) pythons.insert(i);
      }
    }
  }
  return hooks;
}

ModuleReport module_of(const Hook& hook, const Answers& answers, const std::vector<model::Interpreter>& pythons) {
  ModuleReport module;
  std::tie(module.name, module.path, std::ignore) = hook;
  for (const auto& [entry, told] : answers) {
    module.entry_points.push_back(entry);
    if (told.size() == pythons.size()) continue;
    std::set<model::PythonVersion> versions;
    for (const std::size_t python : told) versions.insert(pythons[python].version);
    module.entry_points.back().only_for.assign(versions.begin(), versions.end());
  }
  std::ranges::stable_sort(module.entry_points, {}, &EntryPoint::only_for);
  // The newest version's: that is where support goes on.
  const auto newest = std::ranges::max_element(module.entry_points, {}, [](const EntryPoint& entry) {
    return entry.only_for.empty() ? model::PythonVersion() : entry.only_for.back();
  });
  module.declares = newest->declares;
  return module;
}

}  // namespace

void add_source_modules(const model::Facts& facts, const std::vector<model::SourceView>& views,
                        std::vector<ModuleReport>& modules) {
  std::set<std::string_view> compiled;
  for (const model::BinaryFacts& binary : facts.binaries) {
    for (const model::BinaryEntryPoint& row : binary.entry_points) compiled.insert(row.entry.symbol);
  }
  for (const auto& [hook, answers] : answers_of(facts, views)) {
    if (!compiled.contains(std::get<2>(hook))) modules.push_back(module_of(hook, answers, facts.pythons));
  }
}

}  // namespace isoaudit::rules
