#include "cli/config.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "cli/options.h"
#include "rules/api_names.h"
#include "rules/registry.h"

namespace isoaudit::cli {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  Config read() const {
    const toml::parse_result parsed = toml::parse_file(file_);
    if (!parsed) {
      const toml::parse_error& error = parsed.error();
      // Without a place the file itself could not be read.
      if (!error.source().begin) throw UsageError(fmt::format("--config {}: {}", file_, error.description()));
      fail(error.source(), error.description());
    }
    const toml::table& root = parsed.table();
    allow_only(root, {"function", "wrapper-classes"});
    Config config;
    if (const toml::node* classes = root.get("wrapper-classes")) {
      for (const toml::node& name : array(*classes, "wrapper-classes")) {
        config.wrapper_classes.push_back(text(name, "a name in wrapper-classes"));
      }
    }
    if (const toml::node* functions = root.get("function")) {
      for (const toml::node& entry : array(*functions, "function")) {
        if (!entry.is_table()) fail(entry.source(), "function is a list of tables: [[function]]");
        config.functions.push_back(function(*entry.as_table()));
      }
    }
    std::ranges::sort(config.wrapper_classes);
    std::ranges::sort(config.functions);
    return config;
  }

 private:
  [[noreturn]] void fail(const toml::source_region& where, std::string_view what) const {
    throw UsageError(fmt::format("--config {}:{}: {}", file_, where.begin.line, what));
  }

  void allow_only(const toml::table& table, std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : table) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      fail(key.source(), fmt::format("nothing is called \"{}\" here; there is {}", key.str(), fmt::join(known, ", ")));
    }
  }

  const toml::array& array(const toml::node& node, std::string_view name) const {
    if (!node.is_array()) fail(node.source(), fmt::format("{} is a list", name));
    return *node.as_array();
  }

  std::string text(const toml::node& node, std::string_view name) const {
    const std::optional<std::string> value = node.value_exact<std::string>();
    if (!value || value->empty()) fail(node.source(), fmt::format("{} is a text", name));
    return *value;
  }

  std::string text_of(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) fail(table.source(), fmt::format("the function has no {}", key));
    return text(*node, key);
  }

  model::AddedFunction function(const toml::table& table) const {
    allow_only(table, {"harm", "instead", "name", "rule", "severity"});
    model::AddedFunction added;
    added.rule = text_of(table, "rule");
    added.name = text_of(table, "name");
    added.harm = text_of(table, "harm");
    if (const toml::node* instead = table.get("instead")) added.instead = text(*instead, "instead");
    if (const toml::node* severity = table.get("severity")) added.severity = severity_of(*severity);
    if (rules::api_names(added.rule).empty()) fail(table.get("rule")->source(), unfit(added.rule));
    return added;
  }

  model::Severity severity_of(const toml::node& node) const {
    using enum model::Severity;
    const std::string word = text(node, "severity");
    for (const model::Severity severity : {advice, hazard, blocker}) {
      if (word == to_string(severity)) return severity;
    }
    fail(node.source(), fmt::format("severity is advice, hazard or blocker, not \"{}\"", word));
  }

  static std::string unfit(const std::string& rule) {
    std::vector<std::string_view> fit;
    for (const rules::Rule* known : rules::all_rules()) {
      if (!rules::api_names(known->slug).empty()) fit.push_back(known->slug);
    }
    return fmt::format("{} \"{}\"; rules with lists of functions are {}",
                       rules::find_rule(rule) == nullptr ? "there is no rule" : "no list of functions belongs to", rule,
                       fmt::join(fit, ", "));
  }

  const std::string& file_;
};

}  // namespace

Config read_config(const std::string& file) { return Reader(file).read(); }

}  // namespace isoaudit::cli
