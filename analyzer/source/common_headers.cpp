#include "analyzer/source/common_headers.h"

#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "analyzer/source/include_lines.h"

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t fewest = 2;
/// Headers that cost less are not worth a process.
constexpr std::uintmax_t least_bytes = 50000;
constexpr std::string_view wanted = "Python.h";

using Macros = std::map<std::string, std::string, std::less<>>;

/// The text of files, each read once.
class Texts {
 public:
  const std::string& of(const std::string& path) {
    const auto [known, is_new] = texts_.try_emplace(path);
    if (is_new) {
      const auto buffer = llvm::MemoryBuffer::getFile(path, false, false);
      if (buffer) known->second = (*buffer)->getBuffer().str();
    }
    return known->second;
  }
  const std::vector<IncludeLine>& includes_of(const std::string& path) {
    const auto [known, is_new] = includes_.try_emplace(path);
    if (is_new) known->second = read_include_lines(path).includes;
    return known->second;
  }

 private:
  std::unordered_map<std::string, std::string> texts_{};
  std::unordered_map<std::string, std::vector<IncludeLine>> includes_{};
};

/// What names lead to under one command, read without a preprocessor.
class Headers {
 public:
  Headers(const CompileCommand& command, const ProjectFiles& project, Texts& texts) : project_(project), texts_(texts) {
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
      std::string_view word = command.arguments[i];
      if (!word.starts_with("-I")) continue;
      word.remove_prefix(2);
      if (word.empty() && i + 1 < command.arguments.size()) word = command.arguments[i + 1];
      folders_.push_back((fs::path(command.directory) / word).lexically_normal().string());
    }
  }

  /// All that the file reaches, by path.
  const std::set<std::string>& reached(const std::string& path) {
    const auto [known, is_new] = reached_.try_emplace(path);
    if (!is_new) return known->second;
    std::vector<std::string> next{path};
    std::set<std::string> found;
    while (!next.empty()) {
      const std::string file = std::move(next.back());
      next.pop_back();
      for (const std::string& include : includes(file)) {
        if (found.insert(include).second) next.push_back(include);
      }
    }
    return reached_[path] = std::move(found);
  }

  std::string find(const std::string& includer, const std::string& name, bool quoted) {
    if (quoted) {
      const std::string beside = (fs::path(includer).parent_path() / name).lexically_normal().string();
      if (is_file(beside)) return beside;
    }
    for (const std::string& folder : folders_) {
      const std::string path = (fs::path(folder) / name).lexically_normal().string();
      if (!is_file(path)) continue;
      names_.try_emplace(path, name);
      return path;
    }
    return {};
  }

  /// As it is found in a folder of the command's; empty when it was not.
  std::string name_of(const std::string& path) const {
    const auto known = names_.find(path);
    return known == names_.end() ? std::string() : known->second;
  }

  /// Neither it nor any that it reaches belongs to the project.
  bool is_foreign(const std::string& path) {
    const auto [known, is_new] = is_foreign_.try_emplace(path, false);
    if (!is_new) return known->second;
    const auto is_outside = [&](const std::string& header) { return !project_.contains(canonical_path(header)); };
    return known->second = is_outside(path) && std::ranges::all_of(reached(path), is_outside);
  }

  std::uintmax_t size_of(const std::string& path) const {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    return error ? 0 : size;
  }

 private:
  const std::set<std::string>& includes(const std::string& path) {
    const auto [known, is_new] = includes_.try_emplace(path);
    if (!is_new) return known->second;
    std::set<std::string> found;
    for (const IncludeLine& line : texts_.includes_of(path)) {
      std::string target = find(path, line.name, line.quoted);
      if (!target.empty() && target != path) found.insert(std::move(target));
    }
    return includes_[path] = std::move(found);
  }

  bool is_file(const std::string& path) {
    const auto [known, is_new] = is_file_.try_emplace(path, false);
    std::error_code error;
    if (is_new) known->second = fs::is_regular_file(path, error);
    return known->second;
  }

  const ProjectFiles& project_;
  Texts& texts_;
  std::vector<std::string> folders_{};
  std::unordered_map<std::string, bool> is_foreign_{};
  std::unordered_map<std::string, std::string> names_{};
  std::unordered_map<std::string, std::set<std::string>> includes_{};
  std::unordered_map<std::string, std::set<std::string>> reached_{};
  std::unordered_map<std::string, bool> is_file_{};
};

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_word_character(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word_character(text[at - 1])) && (end == text.size() || !is_word_character(text[end]))) {
      return true;
    }
  }
  return false;
}

std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const auto end = std::ranges::find_if_not(text, is_word_character);
  const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(word.size());
  return word;
}

std::string_view without_comment(std::string_view line) {
  return trimmed(line.substr(0, std::min(line.find("/*"), line.find("//"))));
}

/// Follows a unit's directives up to Python.h as far as a look at single lines tells.
class Beginning {
 public:
  Beginning(Headers& headers, Texts& texts, Macros macros, const std::string& python)
      : headers_(headers), texts_(texts), macros_(std::move(macros)), python_(python) {}

  /// Up to Python.h; false when it does not come.
  bool follow(const std::string& path, int depth = 0) {
    std::vector<bool> holds;
    std::string_view rest = texts_.of(path);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!line.starts_with('#')) continue;
      line = without_comment(line.substr(1));
      const std::string_view word = take_word(line);
      line = trimmed(line);
      if (word.starts_with("if")) {
        holds.push_back(condition(word, line));
      } else if (word == "else" && !holds.empty()) {
        holds.back() = !holds.back();
      } else if (word == "endif" && !holds.empty()) {
        holds.pop_back();
      }
      if (std::ranges::find(holds, false) != holds.end()) continue;
      if (word == "define") {
        const std::string_view name = take_word(line);
        if (!line.ends_with('\\')) macros_[std::string(name)] = std::string(line);
      } else if (word == "undef") {
        macros_.erase(std::string(take_word(line)));
      } else if (word == "include" && line.size() > 2) {
        const bool quoted = line.front() == '"';
        const std::string name(line.substr(1, line.find(quoted ? '"' : '>', 1) - 1));
        const std::string target = headers_.find(path, name, quoted);
        if (target == python_) return true;
        // What it includes itself is not otherwise before it.
        if (target.empty() || depth == 8 || headers_.reached(python_).contains(target)) continue;
        if (follow(target, depth + 1)) return true;
      }
    }
    return false;
  }

  const Macros& macros() const { return macros_; }

 private:
  bool is_defined(std::string_view name) const { return macros_.contains(name); }

  bool condition(std::string_view word, std::string_view text) const {
    if (word == "ifdef") return is_defined(take_word(text));
    if (word == "ifndef") return !is_defined(take_word(text));
    // defined(A) && !defined(B)
    while (!text.empty()) {
      const bool is_not = text.starts_with('!');
      if (is_not) text.remove_prefix(1);
      if (take_word(text) != "defined") return false;
      text = trimmed(text);
      if (text.starts_with('(')) text.remove_prefix(1);
      if (is_defined(take_word(text)) == is_not) return false;
      text = trimmed(text);
      if (text.starts_with(')')) text = trimmed(text.substr(1));
      if (!text.empty() && !text.starts_with("&&")) return false;
      if (!text.empty()) text = trimmed(text.substr(2));
    }
    return true;
  }

  Headers& headers_;
  Texts& texts_;
  Macros macros_;
  const std::string& python_;
};

Macros macros_of(const CompileCommand& command) {
  Macros macros;
  for (const std::string& word : command.arguments) {
    if (!word.starts_with("-D") || word.size() == 2) continue;
    const std::size_t equal = std::min(word.find('='), word.size());
    macros[word.substr(2, equal - 2)] = equal == word.size() ? " 1" : ' ' + word.substr(equal + 1);
  }
  return macros;
}

/// What Python.h finds otherwise than the command leaves it, as directives. `is_named`: by a header that it reaches.
template <class IsNamed>
std::string preamble(const Macros& command, const Macros& unit, IsNamed is_named) {
  std::string text;
  for (const auto& [name, value] : unit) {
    const auto told = command.find(name);
    if ((told == command.end() || trimmed(told->second) != trimmed(value)) && is_named(name)) {
      text += "#define " + name + value + '\n';
    }
  }
  for (const auto& [name, value] : command) {
    if (!unit.contains(name) && is_named(name)) text += "#undef " + name + '\n';
  }
  return text;
}

/// The header that saves most when it is read once for all units that reach it; nothing when none saves much.
std::optional<std::string> header_to_share(const std::vector<std::size_t>& units,
                                           const std::vector<CompileCommand>& commands,
                                           const std::set<std::string>& shared, Headers& headers) {
  std::map<std::string, std::size_t> count;
  for (const std::size_t unit : units) {
    for (const std::string& header : headers.reached(commands[unit].file)) {
      if (!shared.contains(header)) ++count[header];
    }
  }
  std::optional<std::string> best;
  std::uintmax_t most = 0;
  for (const auto& [header, users] : count) {
    if (users < fewest || headers.name_of(header).empty() || !headers.is_foreign(header)) continue;
    std::uintmax_t size = headers.size_of(header);
    for (const std::string& below : headers.reached(header)) {
      if (!shared.contains(below)) size += headers.size_of(below);
    }
    if (size < least_bytes || size * users <= most) continue;
    most = size * users;
    best = header;
  }
  return best;
}

UnitGroup group_of(const std::vector<std::size_t>& units, const std::vector<CompileCommand>& commands,
                   const std::string& python, const std::string& before, bool one_more, Headers& headers) {
  UnitGroup group{units.size(), {}, true};
  group.root.text = before + "#include \"" + headers.name_of(python) + "\"\n";
  group.root.place = units.front();
  std::set<std::string> shared = headers.reached(python);
  shared.insert(python);
  const std::optional<std::string> second = one_more ? header_to_share(units, commands, shared, headers) : std::nullopt;
  PrefixNode below;
  for (const std::size_t unit : units) {
    const bool goes_below = second && headers.reached(commands[unit].file).contains(*second);
    (goes_below ? below : group.root).units.push_back({unit, 0, {}, {}});
  }
  if (second) {
    below.text = "#include \"" + headers.name_of(*second) + "\"\n";
    below.place = group.root.place;
    group.root.next.push_back(std::move(below));
  }
  return group;
}

}  // namespace

std::vector<UnitGroup> common_headers(const std::vector<CompileCommand>& commands,
                                      const std::vector<std::size_t>& which, const ProjectFiles& project,
                                      bool one_more) {
  std::vector<UnitGroup> groups;
  Texts texts;
  std::map<std::pair<std::string, std::string>, bool> named;  // the same headers of a Python serve many commands
  for (const auto& [key, units] : units_by_command(commands, which)) {
    if (units.size() < fewest) continue;
    Headers headers(commands[units.front()], project, texts);
    const Macros told = macros_of(commands[units.front()]);
    std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> by_beginning;
    for (const std::size_t unit : units) {
      if (!commands[unit].file.ends_with(".c")) continue;
      const std::string python = headers.find(commands[unit].file, std::string(wanted), true);
      if (headers.name_of(python).empty() || !headers.is_foreign(python)) continue;
      Beginning beginning(headers, texts, told, python);
      if (!beginning.follow(commands[unit].file)) continue;
      std::string before = preamble(told, beginning.macros(), [&](const std::string& name) {
        const auto [known, is_new] = named.try_emplace({python, name}, false);
        if (is_new) {
          const auto names_it = [&](const std::string& header) { return has_word(texts.of(header), name); };
          known->second = names_it(python) || std::ranges::any_of(headers.reached(python), names_it);
        }
        return known->second;
      });
      by_beginning[{python, std::move(before)}].push_back(unit);
    }
    for (const auto& [beginning, alike] : by_beginning) {
      if (alike.size() < fewest) continue;
      groups.push_back(group_of(alike, commands, beginning.first, beginning.second, one_more, headers));
    }
  }
  std::ranges::stable_sort(groups, std::ranges::greater(), &UnitGroup::units);
  return groups;
}

}  // namespace isoaudit::analyzer
