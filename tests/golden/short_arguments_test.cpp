#include "reports/short_arguments.h"

#include <gtest/gtest.h>

#include <string>

namespace isoaudit::reports {
namespace {

TEST(ShortArguments, OnlyLongOnesOfNamesAreLeftOut) {
  const std::string types = "a::UTF8<char>, a::Pool<a::CrtAllocator>";
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {"`Map<int, long>::find(int) const::cache` is written", "`Map<int, long>::find(int) const::cache` is written"},
      {"`a::Value<" + types + ">::Get()::v`", "`a::Value<…>::Get()::v`"},
      {"`f(" + types + ") const::v` and `g(" + types + ")`", "`f(…) const::v` and `g(…)`"},
      {"<demo::Key<" + types + "> as Trait>::TYPE", "<demo::Key<…> as Trait>::TYPE"},
      {"`a::operator<(" + types + ")`", "`a::operator<(" + types + ")`"},
      {"`a::operator-><" + types + ">()`", "`a::operator-><" + types + ">()`"},
      {"is read (" + types + ") and `a < b`", "is read (a::UTF8<char>, a::Pool<a::CrtAllocator>) and `a < b`"},
      // No partner in its own name.
      {"`a<` and then something long enough `>`", "`a<` and then something long enough `>`"},
      {"f(" + types, "f(" + types},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(with_short_arguments(text), expected);
}

// A symbol table can hold anything.
TEST(ShortArguments, ManyOpenBrackets) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "a<";
  EXPECT_EQ(with_short_arguments(text), text);
}

}  // namespace
}  // namespace isoaudit::reports
