#pragma once

#include <fmt/color.h>
#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

#include "reports/render.h"
#include "reports/short_arguments.h"

namespace isoaudit::reports {

/// Collects the lines of the text report, painted where the user wants colours.
class Writer {
 public:
  explicit Writer(const RenderOptions& options) : options_(options) {}

  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    const std::string line = fmt::format(format, std::forward<Args>(args)...);
    text_ += (options_.verbose ? line : with_short_arguments(line)) + '\n';
  }
  void text(const std::string& lines) { text_ += lines; }
  void blank() { text_ += '\n'; }

  std::string paint(const std::string& word, fmt::text_style style) const {
    return options_.color ? fmt::format(style, "{}", word) : word;
  }
  bool verbose() const { return options_.verbose; }

  /// Before the findings of a file: what is repeated in one is not written twice.
  void begin_file() { fixes_.clear(); }
  /// What can be done about a finding that has no line of its own in a source.
  void fix(const std::string& words, const std::string& rule) {
    if (words.empty()) return;
    const auto [first, fresh] = fixes_.try_emplace(words, rule);
    line("    fix:     {}", fresh || first->second == rule ? words : fmt::format("as for [{}]", first->second));
  }
  std::string take() { return std::move(text_); }

 private:
  RenderOptions options_;
  std::string text_{};
  /// By their words: the rule for which they were written first.
  std::map<std::string, std::string> fixes_{};
};

}  // namespace isoaudit::reports
