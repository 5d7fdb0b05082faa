#include "analyzer/targets/requirements.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "analyzer/archive/read_archive.h"

namespace isoaudit::analyzer {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{8} << 20;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f'; }
bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// A comment begins at the start of a line or behind a space: "#egg=" in a URL is none.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || is_space(line[i - 1]))) return line.substr(0, i);
  }
  return line;
}

struct Line {
  std::string text{};
  std::size_t number = 0;
};

/// Lines without comments, continued ones joined.
std::vector<Line> logical_lines(std::string_view content) {
  if (content.starts_with("\xef\xbb\xbf")) content.remove_prefix(3);
  std::vector<Line> lines;
  Line current;
  std::size_t number = 0;
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (current.text.empty()) current.number = number;
    // A comment line inside a continued one does not end it.
    const bool comment = trim(line).starts_with('#');
    if (!comment && line.ends_with('\\')) {
      current.text += line.substr(0, line.size() - 1);
      continue;
    }
    current.text += without_comment(line);
    const std::string text(trim(current.text));
    if (!text.empty()) lines.push_back({text, current.number});
    current = {};
  }
  if (const std::string text(trim(current.text)); !text.empty()) lines.push_back({text, current.number});
  return lines;
}

/// The value of an option: "-r x", "-rx", "--requirement x", "--requirement=x".
std::optional<std::string> option_value(std::string_view line, std::string_view letter, std::string_view word) {
  if (line.starts_with(word) && line.size() > word.size()) {
    const char next = line[word.size()];
    if (next == '=' || is_space(next)) return std::string(trim(line.substr(word.size() + 1)));
  }
  if (line.starts_with(letter) && line.size() > letter.size()) return std::string(trim(line.substr(letter.size())));
  return std::nullopt;
}

std::string_view leading_name(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_name_char(text[end])) ++end;
  while (end > 0 && std::isalnum(static_cast<unsigned char>(text[end - 1])) == 0) --end;
  return std::isalnum(static_cast<unsigned char>(text.empty() ? '.' : text.front())) != 0 ? text.substr(0, end) : "";
}

class Reader {
 public:
  Requirements run(const std::string& file) {
    read(fs::path(file), "");
    return std::move(found_);
  }

 private:
  void read(const fs::path& file, const std::string& where) {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(file, error);
    if (!read_.insert(real.string()).second) return;
    const std::string by = where.empty() ? "" : ", named in " + where;
    if (!fs::exists(file, error)) return gap(file.generic_string(), "no such requirements file" + by);
    if (!fs::is_regular_file(file, error))
      return gap(file.generic_string(), "is no requirements file, but no file at all" + by);
    if (fs::file_size(file, error) > most_bytes)
      return gap(file.generic_string(), "is too large for a requirements file");
    std::ifstream stream(file, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(stream), {}};
    if (stream.bad() || !stream.is_open()) return gap(file.generic_string(), "cannot be read" + by);
    for (const Line& line : logical_lines(content)) {
      this->line(line.text, file, file.generic_string() + ":" + std::to_string(line.number));
    }
  }

  void line(std::string_view text, const fs::path& file, const std::string& where) {
    if (const auto other = option_value(text, "-r", "--requirement")) {
      return read(file.parent_path() / *other, where);
    }
    if (const auto project = option_value(text, "-e", "--editable")) return path_or_url(*project, file, where);
    if (text.starts_with('-')) return;
    if (is_path(text)) return path_or_url(text, file, where);
    const std::string_view name = leading_name(text);
    std::string_view rest = trim(text.substr(name.size()));
    if (name.empty() ||
        (!rest.empty() && std::string_view("[<>=!~;@(,-").find(rest.front()) == std::string_view::npos)) {
      return gap(where, fmt::format("\"{}\" is no requirement", printable_start(text)));
    }
    // In "name @ https://host/a;b ; marker" only a semicolon behind a space begins the marker.
    const bool url = rest.starts_with('@');
    const std::size_t semicolon = rest.find(url ? " ;" : ";");
    std::string_view condition;
    if (semicolon != std::string_view::npos) condition = rest.substr(semicolon + (url ? 2 : 1));
    condition = condition.substr(0, condition.find(" --"));
    found_.names.push_back({std::string(name), std::string(trim(condition)), where});
  }

  static bool is_path(std::string_view text) {
    const std::string_view first = text.substr(0, text.find_first_of(" ;"));
    if (text.find(" @ ") != std::string_view::npos) return false;
    const std::size_t bracket = first.find_first_of("[@");
    const std::string_view head = first.substr(0, bracket);
    return head.starts_with('.') || head.find('/') != std::string_view::npos || is_archive_name(head);
  }

  void path_or_url(std::string_view text, const fs::path& file, const std::string& where) {
    if (const std::size_t egg = text.find("#egg="); egg != std::string_view::npos) {
      const std::string_view name = leading_name(text.substr(egg + 5));
      if (!name.empty()) return found_.names.push_back({std::string(name), "", where});
    }
    if (text.find("://") != std::string_view::npos) {
      return gap(where,
                 fmt::format("\"{}\" is a URL: nothing is downloaded; install it and name it", printable_start(text)));
    }
    std::string path(trim(text.substr(0, text.find(';'))));
    if (path.ends_with(']')) path.resize(path.rfind('['));
    found_.paths.push_back((file.parent_path() / path).generic_string());
  }

  static std::string printable_start(std::string_view text) {
    std::string start(text.substr(0, 80));
    std::ranges::replace_if(start, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return start;
  }

  void gap(const std::string& input, const std::string& reason) { found_.gaps.push_back({input, reason}); }

  Requirements found_{};
  std::set<std::string> read_{};
};

}  // namespace

Requirements read_requirements(const std::string& file) { return Reader().run(file); }

bool is_distribution_name(std::string_view text) { return !text.empty() && leading_name(text) == text; }

}  // namespace isoaudit::analyzer
