#include "cli/explain.h"

#include <fmt/format.h>

#include "rules/registry.h"

namespace isoaudit::cli {
namespace {

/// The first sentence below "What it finds": the rule in one line.
std::string summary(const rules::Rule& rule) {
  constexpr std::string_view heading = "## What it finds\n";
  std::string text(rule.doc.substr(rule.doc.find(heading) + heading.size()));
  text.resize(text.find("\n\n"));
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  if (const std::size_t end = text.find(". "); end != std::string::npos) text.resize(end + 1);
  return text;
}

}  // namespace

std::string explain(const std::string& slug) {
  if (!slug.empty()) {
    const rules::Rule* rule = rules::find_rule(slug);
    return fmt::format("# {}\n\nSeverity: {}\n\n{}", rule->slug, to_string(rule->severity), rule->doc);
  }
  std::string text;
  for (const rules::Rule* rule : rules::all_rules()) {
    text += fmt::format("{:38} {:8} {}\n", rule->slug, to_string(rule->severity), summary(*rule));
  }
  return text;
}

}  // namespace isoaudit::cli
