#include "rules/registry.h"

#include <algorithm>
#include <array>

namespace isoaudit::rules {

// NOLINTNEXTLINE(bugprone-macro-parentheses): a declared name takes none
#define RULE(identifier) extern const Rule identifier;
#include "rules/rules.def"
#undef RULE

std::span<const Rule* const> all_rules() {
  static constexpr std::array rules{
#define RULE(identifier) &identifier,
#include "rules/rules.def"
#undef RULE
  };
  return rules;
}

const Rule* find_rule(std::string_view slug) {
  // They are sorted.
  const auto rules = all_rules();
  const auto rule = std::ranges::lower_bound(rules, slug, {}, [](const Rule* r) { return r->slug; });
  return rule == rules.end() || (*rule)->slug != slug ? nullptr : *rule;
}

}  // namespace isoaudit::rules
