#include "analyzer/source/ahead_groups.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "analyzer/source/beginnings.h"
#include "analyzer/source/command_parts.h"
#include "analyzer/source/unit_start.h"

namespace isoaudit::analyzer {
namespace {

/// A header is worth a parse ahead when one of so many units includes it, and two at least.
constexpr std::size_t one_of = 16;
/// Small, without a macro of others, and many headers name what it defines: it comes before all.
constexpr const char* first_behind = "#include <stdbool.h>\n";
/// Whole where others ask for parts of them, each time for other ones. They ask nothing themselves, and who does not
/// include them does not define what they do.
constexpr const char* first_of_all = "#include <stddef.h>\n#include <stdarg.h>\n";

struct Member {
  std::size_t unit = 0;
  CommandParts command{};
  Beginning beginning{};
  UnitStart start{};
  /// How many of its first steps lead to Python.h; 0 when something else than plain directives comes first.
  std::size_t steps = 0;
};

std::size_t steps_to_python(const Member& member) {
  if (!member.beginning.is_direct) return 0;
  const auto step = std::ranges::find_if(member.start.steps, [](const LeadingStep& candidate) {
    return candidate.text.find("Python.h\"") != std::string::npos ||
           candidate.text.find("Python.h>") != std::string::npos;
  });
  if (step == member.start.steps.end()) return 0;
  return static_cast<std::size_t>(step - member.start.steps.begin()) + 1;
}

std::optional<Member> member_of(std::size_t unit, const CompileCommand& command, Beginnings& beginnings) {
  if (!command.file.ends_with(".c")) return std::nullopt;  // what a name means in C++ hangs on more
  std::optional<CommandParts> parts = part_command(command);
  if (!parts) return std::nullopt;
  std::optional<Beginning> beginning = beginnings.of(*parts);
  if (!beginning) return std::nullopt;
  Member member{
      .unit = unit, .command = *std::move(parts), .beginning = *std::move(beginning), .start = start_of(command)};
  member.steps = steps_to_python(member);
  return member;
}

std::string key_of(const Member& member) {
  std::string key = member.command.bare.directory;
  std::string_view before;
  for (const std::string& word : member.command.bare.arguments) {
    // What names the unit and its output differs, as do warnings; words are often said twice.
    const bool is_name = word.ends_with(".c") || word.ends_with(".o") || word.starts_with("-W") || word.ends_with(".d");
    if (!is_name && word != before) key += '\0' + word;
    before = word;
  }
  return key + '\0' + member.beginning.python + '\0' + member.beginning.told + '\0' + member.beginning.text;
}

/// The folders that all of them have, in the order that all of them have them in.
std::vector<std::string> common_folders(const std::vector<Member>& members) {
  std::vector<std::string> common = members.front().command.folders;
  for (const Member& member : members) {
    auto at = member.command.folders.begin();
    std::erase_if(common, [&](const std::string& folder) {
      const auto found = std::find(at, member.command.folders.end(), folder);
      if (found == member.command.folders.end()) return true;
      at = std::next(found);
      return false;
    });
  }
  return common;
}

std::string lines_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

/// Those that headers do not ask for: `told` has the others.
std::string rest_of(const std::vector<std::string>& macros, const std::string& told) {
  std::string text;
  for (const std::string& line : macros) {
    if (('\n' + told).find('\n' + line + '\n') == std::string::npos) text += line + '\n';
  }
  return text;
}

std::string behind_of(const std::vector<Member>& members, const std::vector<std::string>& folders) {
  std::vector<std::string> lines;
  std::map<std::string, std::size_t> count;
  for (const Member& member : members) {
    for (const auto& [line, folder] : member.beginning.behind) {
      if (!folder.empty() && std::ranges::find(folders, folder) == folders.end()) continue;
      if (++count[line] == 1) lines.push_back(line);
    }
  }
  std::erase_if(
      lines, [&](const std::string& line) { return count[line] < std::max<std::size_t>(2, members.size() / one_of); });
  return lines.empty() ? std::string() : first_behind + lines_of(lines);
}

std::string steps_key(const Member& member) {
  std::string key;
  for (std::size_t i = 0; i < member.steps; ++i) key += member.start.keys[i] + '\0';
  return key;
}

/// Units whose first lines are those of the node go on behind them, the others from their first byte.
OwnRest own_rest(const Member& member, bool is_alike, const std::vector<std::string>& folders) {
  OwnRest rest{.unit = member.unit, .skip = 0, .content = member.start.content, .not_beside = {}, .is_late = !is_alike};
  rest.macros = rest_of(member.command.macros, member.beginning.told);
  if (member.command.folders != folders) rest.folders = member.command.folders;
  if (!is_alike) return rest;
  rest.skip = member.start.steps[member.steps - 1].end;
  for (std::size_t i = 0; i < member.steps; ++i) {
    rest.not_beside.insert(rest.not_beside.end(), member.start.not_beside[i].begin(), member.start.not_beside[i].end());
  }
  return rest;
}

UnitGroup group_of(const std::vector<Member>& members) {
  std::map<std::string, std::vector<const Member*>> alike;
  for (const Member& member : members) {
    if (member.steps != 0) alike[steps_key(member)].push_back(&member);
  }
  const auto most = std::ranges::max_element(alike, {}, [](const auto& entry) { return entry.second.size(); });
  const Member& first = most == alike.end() ? members.front() : *most->second.front();
  const std::vector<std::string> folders = common_folders(members);

  PrefixNode node;
  node.is_ahead = true;
  node.place = first.unit;
  if (first.steps == 0) node.text = first.beginning.text + "#include \"Python.h\"\n";
  for (std::size_t i = 0; i < first.steps; ++i) node.text += first.start.steps[i].text;
  node.behind = behind_of(members, folders);
  const auto is_alike = [&](const Member& member) { return member.steps != 0 && steps_key(member) == most->first; };
  for (const bool wanted : {true, false}) {
    for (const Member& member : members) {
      if (is_alike(member) == wanted) node.units.push_back(own_rest(member, wanted, folders));
    }
  }
  UnitGroup group{members.size(), first.command.bare, {}};
  for (const std::string& folder : folders) {
    group.command.arguments.push_back("-I");
    group.command.arguments.push_back(folder);
  }
  group.root.place = first.unit;
  group.root.text = first_of_all + first.beginning.told;
  group.root.next.push_back(std::move(node));
  return group;
}

}  // namespace

std::vector<UnitGroup> ahead_groups(const std::vector<CompileCommand>& commands, std::vector<std::size_t>& units,
                                    const ProjectFiles& project) {
  std::vector<UnitGroup> groups;
  if (units.size() < 2) return groups;
  Beginnings beginnings(project);
  std::map<std::string, std::vector<Member>> by_key;
  for (const std::size_t unit : units) {
    if (std::optional<Member> member = member_of(unit, commands[unit], beginnings)) {
      by_key[key_of(*member)].push_back(*std::move(member));
    }
  }
  std::set<std::size_t> taken;
  for (const auto& [key, members] : by_key) {
    if (members.size() < 2) continue;
    groups.push_back(group_of(members));
    for (const Member& member : members) taken.insert(member.unit);
  }
  std::erase_if(units, [&](std::size_t unit) { return taken.contains(unit); });
  return groups;
}

}  // namespace isoaudit::analyzer
