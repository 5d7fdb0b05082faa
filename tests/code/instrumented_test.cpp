// What coverage, profile and sanitizer builds add to a module is the compiler's, and the module's own is still seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/code/compile_matrix.h"

namespace isoaudit::analyzer {
namespace {

std::set<std::string> written(const model::CodeFacts& facts) {
  std::set<std::string> names;
  for (const model::CodeWrite& write : facts.writes) names.insert(write.symbol.empty() ? write.section : write.symbol);
  return names;
}

TEST(Instrumented, CountersAndNotesOfTheCompilersAreNotTheModules) {
  const char* source =
      "KEPT int g; int get(void) { return g; } static int table[4]; int *find(int i) { return &table[i]; }\n"
      "void set(int c) { if (decide(c)) g = c + 2000000000; else g += c; }";
  const std::vector<std::string> for_all{"--coverage", "-fsanitize=undefined", "-fsanitize=thread"};
  const std::vector<std::string> for_clang{"-fprofile-instr-generate", "-fsanitize-coverage=trace-pc-guard",
                                           "-fsanitize-coverage=inline-8bit-counters,pc-table"};
  tests::CompileMatrix matrix;
  for (const tests::CompileMatrix::Way& way : tests::CompileMatrix::ways()) {
    std::vector<std::string> flags = for_all;
    if (way.clang) flags.insert(flags.end(), for_clang.begin(), for_clang.end());
    for (const std::string& flag : flags) {
      const testing::ScopedTrace trace(__FILE__, __LINE__, std::string(way.name) + " " + flag);
      EXPECT_THAT(written(matrix.read(source, way, flag)), testing::ElementsAre("g"));
    }
  }
}

TEST(Instrumented, WhatTheSanitizersReplaceStillWrites) {
  tests::CompileMatrix matrix;
  for (const char* name : {"__asan_memset", "__tsan_memset", "__msan_memset"}) {
    const std::string source =
        "KEPT char g[64]; char get(int i) { return g[i]; }\n"
        "void *" +
        std::string(name) +
        "(void *, int, unsigned long);\n"
        "void set(int c) { " +
        name + "(g, c, sizeof g); }";
    matrix.each(source, [](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
      EXPECT_THAT(written(facts), testing::ElementsAre("g"));
    });
  }
  matrix.each(
      "KEPT int g; int get(void) { return g; } int __tsan_atomic32_fetch_add(int *, int, int);\n"
      "void set(int c) { __tsan_atomic32_fetch_add(&g, c, 5); }",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
        ASSERT_EQ(facts.writes.size(), 1u);
        EXPECT_TRUE(facts.writes[0].atomic);
        EXPECT_EQ(facts.writes[0].value, model::StoredValue::changed);
      });
}

}  // namespace
}  // namespace isoaudit::analyzer
