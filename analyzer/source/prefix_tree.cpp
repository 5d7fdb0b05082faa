#include "analyzer/source/prefix_tree.h"

#include <llvm/Support/VirtualFileSystem.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "analyzer/source/ahead_groups.h"
#include "analyzer/source/command_line.h"
#include "analyzer/source/unit_start.h"

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

/// What Clang is told, the unit's own file aside; relative paths start from the folder.
std::string command_key(const CompileCommand& command, llvm::vfs::FileSystem& files) {
  std::string key = command.directory + '\0' + fs::path(command.file).extension().string();
  std::vector<std::string> arguments = clang_arguments(command, {}, files);
  arguments.pop_back();  // the file
  for (const std::string& word : arguments) key += '\0' + word;
  return key;
}

class Grower {
 public:
  explicit Grower(std::map<std::size_t, UnitStart> starts) : starts_(std::move(starts)) {}

  PrefixNode grow(const std::vector<std::size_t>& units, std::size_t depth) const {
    PrefixNode node;
    node.place = units.front();
    std::map<std::string, std::vector<std::size_t>> by_step;
    for (const std::size_t unit : units) {
      const UnitStart& start = starts_.at(unit);
      if (depth < start.steps.size()) by_step[start.keys[depth]].push_back(unit);
    }
    for (const std::size_t unit : units) {
      const UnitStart& start = starts_.at(unit);
      if (depth < start.steps.size() && by_step[start.keys[depth]].size() > 1) continue;
      OwnRest rest{unit, depth == 0 ? 0 : start.steps[depth - 1].end, start.content, {}};
      for (std::size_t i = 0; i < depth; ++i) {
        rest.not_beside.insert(rest.not_beside.end(), start.not_beside[i].begin(), start.not_beside[i].end());
      }
      node.units.push_back(std::move(rest));
    }
    for (const auto& [key, members] : by_step) {
      if (members.size() < 2) continue;
      PrefixNode below = grow(members, depth + 1);
      below.text.insert(0, starts_.at(members.front()).steps[depth].text);
      node.next.push_back(std::move(below));
    }
    // Nobody parts from the others here.
    if (depth > 0 && node.units.empty() && node.next.size() == 1) return std::exchange(node.next.front(), {});
    return node;
  }

 private:
  std::map<std::size_t, UnitStart> starts_;
};

}  // namespace

std::vector<UnitGroup> group_units(const std::vector<CompileCommand>& commands, const std::vector<std::size_t>& which,
                                   const ProjectFiles& project) {
  std::vector<std::size_t> others = which;
  std::vector<UnitGroup> groups = ahead_groups(commands, others, project);
  std::map<std::string, std::vector<std::size_t>> by_command;
  const auto files = llvm::vfs::getRealFileSystem();
  for (const std::size_t unit : others) by_command[command_key(commands[unit], *files)].push_back(unit);
  for (const auto& [key, units] : by_command) {
    std::map<std::size_t, UnitStart> starts;
    for (const std::size_t unit : units) starts[unit] = units.size() > 1 ? start_of(commands[unit]) : UnitStart{};
    groups.push_back({units.size(), commands[units.front()], Grower(std::move(starts)).grow(units, 0)});
  }
  std::ranges::stable_sort(groups, std::ranges::greater(), &UnitGroup::units);
  return groups;
}

}  // namespace isoaudit::analyzer
