#include "analyzer/source/build_lists.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "analyzer/source/source_tree.h"

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

/// Larger ones are no lists that a person keeps.
constexpr std::streamsize most_bytes = std::streamsize{1} << 20;

bool is_one_of(char c, std::string_view signs) { return signs.find(c) != std::string_view::npos; }

bool is_path_sign(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || is_one_of(c, "_./*+-${}@"); }

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(most_bytes, '\0');
  file.read(text.data(), most_bytes);
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

/// "${DIR}/../src/x.c" → "src/x.c".
std::string_view without_beginning(std::string_view word) {
  if (const std::size_t variable = word.rfind("}/"); variable != std::string_view::npos) {
    word.remove_prefix(variable + 2);
  }
  while (word.starts_with("./") || word.starts_with("../")) word.remove_prefix(word.find('/') + 1);
  while (word.ends_with('/')) word.remove_suffix(1);
  return word;
}

std::string last_part(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

bool ends_in(const std::string& path, const std::string& word) { return path == word || path.ends_with("/" + word); }

}  // namespace

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

BuildLists::BuildLists(const std::vector<std::string>& build_files) {
  for (const std::string& file : build_files) read(file);
}

void BuildLists::read(const std::string& file) {
  const std::string folder = fs::path(file).parent_path().string();
  const std::string text = read_text(file);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (is_path_sign(text[at])) {
      const std::size_t start = at;
      while (at < text.size() && is_path_sign(text[at])) ++at;
      const bool begins_argument = start > 0 && is_one_of(text[start - 1], "'\"(");
      take(std::string_view(text).substr(start, at - start), folder, begins_argument);
      // What ended the word may be a '#'.
      --at;
    }
  }
}

void BuildLists::take(std::string_view text, const std::string& folder, bool begins_argument) {
  const std::string_view path = without_beginning(text);
  if (path.empty() || (!begins_argument && !has_source_ending(path))) return;
  Word word{folder, std::string(path), begins_argument};
  if (path.find('*') != std::string_view::npos) {
    if (has_source_ending(path)) patterns_.push_back(std::move(word));
    return;
  }
  words_.emplace(last_part(path), std::move(word));
}

bool BuildLists::any_names(const std::string& source, const auto& counts) const {
  const auto [first, last] = words_.equal_range(last_part(source));
  for (auto it = first; it != last; ++it) {
    if (counts(it->second) && ends_in(source, it->second.text)) return true;
  }
  return std::ranges::any_of(patterns_, [&](const Word& word) {
    return counts(word) && fnmatch(("*/" + word.text).c_str(), source.c_str(), 0) == 0;
  });
}

bool BuildLists::name_from_outside_all(const std::vector<std::string>& folders, const std::string& source) const {
  return any_names(source, [&](const Word& word) {
    return std::ranges::none_of(folders, [&](const std::string& folder) { return word.lies_in(folder); });
  });
}

bool BuildLists::name_below(const std::string& folder, const std::string& source) const {
  return any_names(source, [&](const Word& word) { return word.lies_in(folder); });
}

bool BuildLists::name_from_outside(const std::string& folder, const std::string& source) const {
  const std::string name = last_part(folder);
  return any_names(source, [&](const Word& word) {
    if (word.lies_in(folder)) return false;
    return ("/" + word.text).find("/" + name + "/") != std::string::npos;
  });
}

bool BuildLists::enter(const std::string& folder) const {
  const auto [first, last] = words_.equal_range(last_part(folder));
  return std::any_of(first, last, [&](const auto& entry) {
    const Word& word = entry.second;
    return word.begins_argument && !word.lies_in(folder) && ends_in(folder, word.text);
  });
}

}  // namespace isoaudit::analyzer
