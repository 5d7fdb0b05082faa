#include "rules/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace isoaudit::rules {
namespace {

std::string file_of(std::string_view slug) {
  std::string name(slug);
  std::ranges::replace(name, '-', '_');
  return name;
}

TEST(Registry, SortedAndUnique) {
  const auto rules = all_rules();
  for (std::size_t i = 1; i < rules.size(); ++i) EXPECT_LT(rules[i - 1]->slug, rules[i]->slug);
}

TEST(Registry, FindsEachBySlugAndNothingElse) {
  for (const Rule* rule : all_rules()) EXPECT_EQ(find_rule(rule->slug), rule);
  EXPECT_EQ(find_rule("no-such-rule"), nullptr);
}

TEST(Registry, EveryRuleHasItsFileAndDocumentation) {
  const std::filesystem::path folder = std::filesystem::path(ISOAUDIT_SOURCE_DIR) / "rules";
  for (const Rule* rule : all_rules()) {
    EXPECT_TRUE(std::filesystem::exists(folder / (file_of(rule->slug) + ".cpp"))) << rule->slug;
    std::size_t at = 0;
    for (const char* heading :
         {"## What it finds\n", "## Why it matters\n", "## How to fix\n", "## What it cannot see\n"}) {
      const std::size_t found = rule->doc.find(heading, at);
      EXPECT_NE(found, std::string_view::npos) << rule->slug << " lacks, in order: " << heading;
      if (found != std::string_view::npos) at = found;
    }
  }
}

TEST(Registry, TheReadmeListsEveryRule) {
  std::ifstream file(std::filesystem::path(ISOAUDIT_SOURCE_DIR) / "README.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const Rule* rule : all_rules()) {
    const std::string row = "| " + std::string(rule->slug) + " | " + to_string(rule->severity) + " | ";
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
}

TEST(Registry, EveryRuleIsProvedByAFixtureOrARun) {
  // A rule that only a run can trigger has its proof among the probe's modules, not in a source fixture.
  const std::set<std::string_view> seen_only_in_runs{"foreign-free", "interpreter-leak"};
  const std::filesystem::path folder = std::filesystem::path(ISOAUDIT_SOURCE_DIR) / "rules";
  for (const Rule* rule : all_rules()) {
    if (seen_only_in_runs.contains(rule->slug)) continue;
    const bool c = std::filesystem::exists(folder / (file_of(rule->slug) + ".fixture.c"));
    const bool cpp = std::filesystem::exists(folder / (file_of(rule->slug) + ".fixture.cpp"));
    EXPECT_TRUE(c || cpp) << rule->slug << " has no fixture";
  }
}

}  // namespace
}  // namespace isoaudit::rules
