// Variables that are written through pointers which a table holds.
#include <gtest/gtest.h>

#include "tests/code/compile_matrix.h"

namespace isoaudit::analyzer {
namespace {

using tests::writes_of;

class PointerTables : public testing::Test {
 protected:
  /// Each of the three is written, as far as the code tells.
  void expect_all(const std::string& source) { expect(source, true); }
  void expect(const std::string& source, bool written) {
    matrix.each("KEPT long g, h, k; long get(void) { return g + h + k; }\n" + source,
                [&](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
                  for (const char* name : {"g", "h", "k"}) EXPECT_EQ(!writes_of(facts, name).empty(), written) << name;
                });
  }
  tests::CompileMatrix matrix;
};

TEST_F(PointerTables, AnArray) {
  expect_all(
      "static long *const all[] = {&g, &h, &k};\n"
      "void fill(int n) { for (int i = 0; i < n; i++) *all[i] = decide(i); }");
}

TEST_F(PointerTables, OneThatIsNotConstant) {
  expect_all(
      "static long *all[] = {&g, &h, &k}; void change(int n) { all[n] = all[n + 1]; }\n"
      "void fill(int n) { for (int i = 0; i < n; i++) *all[i] = decide(i); }");
}

TEST_F(PointerTables, RowsWithNames) {
  expect_all(
      "static const struct { const char *name; long *place; int n; } all[] = {\n"
      "  {\"g\", &g, 1}, {\"h\", &h, 2}, {\"k\", &k, 3}};\n"
      "void fill(int n) { for (int i = 0; i < n; i++) *all[i].place = decide(all[i].n); }");
}

/// As Cython fetches the functions of other modules.
TEST_F(PointerTables, OnTheStack) {
  expect_all(
      "OWN static int fetch(long *p) { *p = decide(3); return decide(4); }\n"
      "int fill(int n) { long *all[] = {&g, &h, &k, 0}; long **at = all;\n"
      "  while (*at) { if (fetch(*at) < 0) return -1; ++at; } return n; }");
}

TEST_F(PointerTables, WhatIsReadThroughOneIsNotWritten) {
  expect(
      "static long *const all[] = {&g, &h, &k}; long sum(int n) { long s = 0;\n"
      "  for (int i = 0; i < n; i++) s += *all[i]; return s; }",
      false);
}

/// What is not followed may be written: that is not the silence of code which writes nothing.
TEST_F(PointerTables, OneTooLongToFollowIsSaid) {
  for (const int rows : {1000, 2000}) {
    std::string source = "KEPT long many[2000]; static long *const all[] = {";
    for (int i = 0; i < rows; ++i) source += "&many[" + std::to_string(i) + "],";
    source += "};\nvoid fill(int n) { for (int i = 0; i < n; i++) *all[i] = decide(i); }";
    for (const tests::CompileMatrix::Way& way : tests::CompileMatrix::ways(false)) {
      const model::CodeFacts facts = matrix.try_to_read(source, way);
      EXPECT_EQ(facts.read, rows == 1000) << way.name;
      EXPECT_EQ(facts.why_not, rows == 1000 ? "" : "it goes through more pointers in tables than are followed");
    }
  }
}

}  // namespace
}  // namespace isoaudit::analyzer
