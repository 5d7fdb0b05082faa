#include "analyzer/source/leading_steps.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

namespace isoaudit::analyzer {
namespace {

/// Nobody writes more directives before the first declaration.
constexpr std::size_t longest_head = std::size_t{1} << 18;

/// The text up to the first place where lines or comments do not end as they seem to: trigraphs, a splice with spaces
/// before the line's end or inside of a comment's sign, a line's end without '\n'.
std::string_view plain_head(std::string_view source) {
  source = source.substr(0, longest_head);
  for (std::size_t i = source.find_first_of("\\\r?"); i < source.size(); i = source.find_first_of("\\\r?", i + 1)) {
    const std::string_view rest = source.substr(i + 1);
    bool is_plain = true;
    if (source[i] == '?') {
      is_plain = !rest.starts_with('?');
    } else if (source[i] == '\r') {
      is_plain = rest.starts_with('\n');
    } else if (const std::size_t next = rest.find_first_not_of(" \t\f\v\r");
               next >= rest.size() || rest[next] == '\n') {
      const bool follows_at_once = rest.starts_with('\n') || rest.starts_with("\r\n");
      is_plain = follows_at_once && (i == 0 || (source[i - 1] != '*' && source[i - 1] != '/'));
    }
    if (!is_plain) return source.substr(0, i);
  }
  return source;
}

/// Reads logical lines as translation phases 1 to 3 do: spliced, comments as one space.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(plain_head(text)) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  std::size_t at() const { return at_; }

  /// The next directive with its '#'; nothing when something else comes first, or the file ends.
  std::optional<std::string> directive() {
    while (true) {
      skip_splices();
      if (at_ >= text_.size()) return std::nullopt;
      const char c = text_[at_];
      if (c == '#') break;
      if (is_space(c)) {
        ++at_;
      } else if (!skip_comment()) {
        return std::nullopt;
      }
    }
    return rest_of_line();
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

  void skip_splices() {
    while (at_ < text_.size() && text_[at_] == '\\') {
      std::size_t end = at_ + 1;
      if (end < text_.size() && text_[end] == '\r') ++end;
      if (end >= text_.size() || text_[end] != '\n') return;
      at_ = end + 1;
    }
  }

  /// At a comment: behind it. One that never ends is none.
  bool skip_comment() {
    if (text_.substr(at_).starts_with("/*")) {
      const std::size_t end = text_.find("*/", at_ + 2);
      if (end == std::string_view::npos) return false;
      at_ = end + 2;
      return true;
    }
    if (text_.substr(at_).starts_with("//")) {
      while (at_ < text_.size() && text_[at_] != '\n') {
        skip_splices();
        if (at_ < text_.size() && text_[at_] != '\n') ++at_;
      }
      return true;
    }
    return false;
  }

  /// Behind the line's end; nothing when the file ends first, or the line holds what is better left to Clang.
  std::optional<std::string> rest_of_line() {
    std::string line;
    char closing = 0;
    while (true) {
      skip_splices();
      if (at_ >= text_.size()) return std::nullopt;
      const char c = text_[at_];
      if (c == '\n') break;
      if (c == '\0') return std::nullopt;
      if (closing == 0 && c == '/') {
        if (skip_comment()) {
          line += ' ';
          continue;
        }
      }
      // An escape that is no splice: the next character closes nothing.
      if (closing != 0 && closing != '>' && c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') {
        line += c;
        line += text_[at_ + 1];
        at_ += 2;
        continue;
      }
      if (closing == 0) {
        if (c == '"' || c == '\'') closing = c;
        if (c == '<' && is_directive(line, "include")) closing = '>';
      } else if (c == closing) {
        closing = 0;
      }
      line += is_space(c) ? ' ' : c;
      ++at_;
    }
    ++at_;
    // A quote that no other closes: a raw string or a digit's separator, unless an #error says "don't".
    if (closing != 0 && !is_directive(line, "error")) return std::nullopt;
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
  }

  static bool is_directive(std::string_view line, std::string_view word) {
    line.remove_prefix(1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return line.starts_with(word);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string_view word_after_hash(std::string_view line) {
  line.remove_prefix(1);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const auto end = std::ranges::find_if(line, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
  return line.substr(0, static_cast<std::size_t>(end - line.begin()));
}

/// Words that mean another thing in another file.
bool hangs_on_its_file(std::string_view line) {
  constexpr std::string_view words[] = {"__has_include", "__has_embed", "__BASE_FILE__", "__INCLUDE_LEVEL__",
                                        "__FILE__",      "__LINE__",    "__TIMESTAMP__", "__COUNTER__"};
  return std::ranges::any_of(words, [&](std::string_view word) { return line.find(word) != std::string_view::npos; });
}

/// What an #include names, with its quotes or brackets; empty when that is computed.
std::string_view included(std::string_view line) {
  const std::size_t open = line.find_first_of("<\"");
  if (open == std::string_view::npos) return {};
  const std::string_view between = line.substr(0, open);
  if (between.find("include") + std::string_view("include").size() != between.find_last_not_of(' ') + 1) return {};
  const std::size_t close = line.find(line[open] == '<' ? '>' : '"', open + 1);
  if (close == std::string_view::npos || line.find_first_not_of(' ', close + 1) != std::string_view::npos) return {};
  return line.substr(open, close - open + 1);
}

}  // namespace

std::vector<LeadingStep> leading_steps(std::string_view source) {
  std::vector<LeadingStep> steps;
  Scanner scanner(source);
  LeadingStep step;
  unsigned depth = 0;
  bool includes = false;
  while (const std::optional<std::string> line = scanner.directive()) {
    const std::string_view word = word_after_hash(*line);
    if (hangs_on_its_file(*line)) break;
    if (word == "if" || word == "ifdef" || word == "ifndef") {
      ++depth;
    } else if (word == "endif") {
      if (depth == 0) break;
      --depth;
    } else if (word == "include") {
      const std::string_view name = included(*line);
      if (name.empty()) break;
      if (name.front() == '"') step.quoted.emplace_back(name.substr(1, name.size() - 2));
      includes = true;
    } else if (word == "elif" || word == "else") {
      if (depth == 0) break;
    } else if (word != "define" && word != "undef" && word != "error") {
      break;
    }
    step.text += *line + '\n';
    if (depth != 0 || !includes) continue;
    step.end = scanner.at();
    steps.push_back(std::exchange(step, {}));
    includes = false;
  }
  return steps;
}

}  // namespace isoaudit::analyzer
