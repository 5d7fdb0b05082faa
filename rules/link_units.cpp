#include "rules/link_units.h"

#include <algorithm>
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

UnitLinks::UnitLinks(const Facts& facts) {
  const std::map<std::string, std::string> dotted = dotted_names(facts);
  std::multimap<std::string, const Unit*> definers;
  std::map<std::string, const Unit*> by_file;
  for (const Unit& unit : facts.source.units) {
    by_file[unit.file] = &unit;
    for (const std::string& name : unit.defines) definers.emplace(name, &unit);
  }

  std::map<std::string, std::set<std::string>> found;
  std::set<std::string> modules;
  for (const model::SourceEntryPoint& hook : facts.source.entry_points) {
    const auto known = dotted.find(hook.entry.module);
    const std::string module = known == dotted.end() ? hook.entry.module : known->second;
    modules.insert(module);
    std::vector<std::string> open{hook.unit};
    while (!open.empty()) {
      const std::string file = open.back();
      open.pop_back();
      if (!found[file].insert(module).second) continue;
      const auto unit = by_file.find(file);
      if (unit == by_file.end()) continue;
      for (const std::string& name : unit->second->refers) {
        const auto [first, last] = definers.equal_range(name);
        // Several definers: any of them may be the one that is linked.
        for (auto it = first; it != last; ++it) open.push_back(it->second->file);
      }
    }
  }
  for (const Unit& unit : facts.source.units) {
    std::set<std::string>& mine = found[unit.file];
    if (mine.empty() && modules.size() == 1) mine = modules;
    modules_[unit.file].assign(mine.begin(), mine.end());
  }
}

const std::vector<std::string>& UnitLinks::modules_of(const std::string& unit) const {
  static const std::vector<std::string> none;
  const auto it = modules_.find(unit);
  return it == modules_.end() ? none : it->second;
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
