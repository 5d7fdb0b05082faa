// Who loads from a variable, read from compiled modules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/binary/build_module.h"
#include "tests/code/compile_matrix.h"

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Names = std::set<std::string>;

/// Functions that load from where the variable's first write goes, or up to `size` bytes behind it.
Names readers_of(const model::CodeFacts& facts, const std::string& variable, std::uint64_t size = 1) {
  Names names;
  for (const model::CodeWrite& write : facts.writes) {
    if (write.symbol != variable) continue;
    for (const model::CodeRead& read : facts.reads) {
      const bool there = read.section == write.section && read.offset - write.offset < size;
      if (there) names.insert(read.function);
    }
  }
  return names;
}

TEST(Reads, OfAVariableThroughEveryKindOfLoad) {
  const tests::CompileMatrix matrix;
  matrix.each(
      "KEPT long g; KEPT int table[8]; KEPT char letter;\n"
      "OWN long get(void) { return g; } OWN int is(long v) { return g == v; }\n"
      "OWN long more(long v) { return g + v; } OWN int at(int i) { return table[i]; }\n"
      "OWN int small(void) { return letter; } OWN unsigned char byte(void) { return (unsigned char)letter; }\n"
      "OWN void set(long v) { g = v; table[0] = 1; letter = v; } OWN long none(long v) { return v * 2; }\n"
      "OWN void *where(void) { return &g; }",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
        EXPECT_THAT(readers_of(facts, "g"), ElementsAre("get", "is", "more"));
        EXPECT_THAT(readers_of(facts, "table"), ElementsAre("at"));
        EXPECT_THAT(readers_of(facts, "letter"), ElementsAre("byte", "small"));
      });
}

TEST(Reads, AreOneRowForEachPlaceAndFunction) {
  const tests::CompileMatrix matrix;
  matrix.each("KEPT volatile long g; void set(long v) { g = v; } OWN long twice(void) { return g + g + g; }",
              [](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
                ASSERT_EQ(facts.reads.size(), 1u);
                EXPECT_EQ(facts.reads[0].function, "twice");
              });
}

/// The linker's table of addresses is no variable; nor are constants and the stack.
TEST(Reads, OfTheModulesOwnWritableMemoryOnly) {
  const tests::CompileMatrix matrix;
  matrix.each(
      "static const int limits[4] = {1, 2, 3, 4}; extern int elsewhere;\n"
      "OWN long none(int i, long *p) { long own[4]; use(own); return own[i] + limits[i] + elsewhere + *p; }",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) { EXPECT_THAT(facts.reads, IsEmpty()); });
}

/// A function that is called through a variable reads it.
TEST(Reads, OfAPointerThatIsCalled) {
  const tests::CompileMatrix matrix;
  matrix.each(
      "KEPT void (*volatile hook)(void); void set(void (*f)(void)) { hook = f; } OWN void run(void) { hook(); use(0); "
      "}",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
        EXPECT_THAT(readers_of(facts, "hook"), ElementsAre("run"));
      });
}

TEST(Reads, InStrippedModulesNameSectionAndOffset) {
  const tests::ModuleFolder folder;
  const std::string source =
      "static long g; __attribute__((noipa)) void set(long v) { g = v; }\n"
      "__attribute__((noipa)) long get(void) { return g; }\n"
      "static __attribute__((noipa, used)) long inner(void) { return g + 1; }\n"
      "long outer(void) { return inner(); }\n";
  const model::CodeFacts facts = collect_code(folder.build("_m.so", source, "-O2 -s"));
  ASSERT_EQ(facts.writes.size(), 1u);
  EXPECT_EQ(facts.writes[0].section, ".bss");
  Names functions;
  for (const std::string& name : readers_of(facts, "")) functions.insert(name.substr(0, 6));
  EXPECT_THAT(functions, ElementsAre(".text+", "get"));
}

}  // namespace
}  // namespace isoaudit::analyzer
