#include "rules/link_units.h"

#include <algorithm>
#include <map>
#include <set>

namespace isoaudit::rules {
namespace {

using model::Facts;
using model::Unit;

/// Hook name → the dotted name of the compiled module that exports it, where exactly one does.
std::map<std::string, std::string> dotted_names(const Facts& facts) {
  std::map<std::string, std::set<std::string>> candidates;
  for (const model::BinaryFacts& binary : facts.binaries) {
    for (const model::BinaryEntryPoint& row : binary.entry_points) {
      // A file with thirty hooks is one module under its own name; the other hooks keep theirs.
      const bool own = last_component(binary.module) == row.entry.module;
      candidates[row.entry.module].insert(own ? binary.module : row.entry.module);
    }
  }
  std::map<std::string, std::string> names;
  for (const auto& [hook, dotted] : candidates) {
    if (dotted.size() == 1) names[hook] = *dotted.begin();
  }
  return names;
}

}  // namespace

std::string last_component(const std::string& dotted) {
  const std::size_t dot = dotted.rfind('.');
  return dot == std::string::npos ? dotted : dotted.substr(dot + 1);
}

std::string file_name(const std::string& path, bool stem) {
  const std::size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (stem) {
    if (const std::size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0) name.resize(dot);
  }
  return name;
}

void link_units(Facts& facts) {
  const std::map<std::string, std::string> dotted = dotted_names(facts);
  std::vector<Unit>& units = facts.source.units;
  std::unordered_map<std::string_view, std::vector<std::size_t>> definers;
  std::unordered_map<std::string_view, std::size_t> by_file;
  for (std::size_t i = 0; i < units.size(); ++i) {
    by_file.emplace(units[i].file, i);
    for (const std::string& name : units[i].defines) definers[name].push_back(i);
  }
  // Several definers: any of them may be the one that is linked.
  std::vector<std::set<std::size_t>> needs(units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (const std::string& name : units[i].refers) {
      if (const auto known = definers.find(name); known != definers.end()) {
        needs[i].insert(known->second.begin(), known->second.end());
      }
    }
  }

  std::vector<std::set<std::string>> found(units.size());
  std::set<std::string> modules;
  for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
    const auto known = dotted.find(hook.entry.module);
    const std::string module = known == dotted.end() ? hook.entry.module : known->second;
    modules.insert(module);
    const auto start = by_file.find(hook.unit);
    if (start == by_file.end()) continue;
    std::vector<std::size_t> open{start->second};
    while (!open.empty()) {
      const std::size_t unit = open.back();
      open.pop_back();
      if (found[unit].insert(module).second) open.insert(open.end(), needs[unit].begin(), needs[unit].end());
    }
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (found[i].empty() && modules.size() == 1) found[i] = modules;
    units[i].modules.assign(found[i].begin(), found[i].end());
  }
}

UnitLinks::UnitLinks(const Facts& facts) {
  for (const Unit& unit : facts.source.units) modules_.emplace(unit.file, &unit.modules);
}

const std::vector<std::string>& UnitLinks::modules_of(const std::string& unit) const {
  static const std::vector<std::string> none;
  const auto it = modules_.find(unit);
  return it == modules_.end() ? none : *it->second;
}

std::vector<std::string> UnitLinks::modules_of(const model::Finding& finding) const {
  std::vector<std::string> modules = modules_of(finding.subject.unit);
  if (std::ranges::find(modules, finding.module) == modules.end()) modules.push_back(finding.module);
  return modules;
}

std::string UnitLinks::primary_module(const std::string& unit) const {
  const std::vector<std::string>& modules = modules_of(unit);
  if (modules.empty()) return "";
  const std::string stem = file_name(unit, true);
  for (const std::string& module : modules) {
    const std::string last = last_component(module);
    if (last == stem || last + "module" == stem || "_" + stem == last) return module;
  }
  return modules.front();
}

}  // namespace isoaudit::rules
