#include "analyzer/binary/text_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;
constexpr std::size_t npos = std::string_view::npos;

TEST(TextSearch, FindsWhatFindFinds) {
  const std::vector<std::string_view> needles{"spam", "spams", "spam eggs", "eggs", "amsp", "none of these"};
  for (const std::string text : {"spam", "a spam eggs spams", "eggs", "spamspamspams", "", "spa", "seggs spam egg"}) {
    std::vector<std::size_t> expected;
    for (const std::string_view needle : needles) expected.push_back(text.find(needle));
    EXPECT_EQ(first_occurrences(text, needles), expected) << text;
  }
}

TEST(TextSearch, TheEndCounts) {
  const std::vector<std::string_view> needles{"abcd", "abcde"};
  EXPECT_THAT(first_occurrences("xxabcd", needles), ElementsAre(2, npos));
  EXPECT_THAT(first_occurrences("xxabcde", needles), ElementsAre(2, 2));
  // What follows in memory is not part of the text.
  EXPECT_THAT(first_occurrences(std::string_view("xxabcde", 6), needles), ElementsAre(2, npos));
}

}  // namespace
}  // namespace isoaudit::analyzer
