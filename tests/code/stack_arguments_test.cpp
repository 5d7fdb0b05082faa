// Arguments for which no register is left: whoever gets a variable's address there writes it all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/code/compile_matrix.h"

namespace isoaudit::analyzer {
namespace {

using tests::writes_of;

/// More than any machine has registers for: the last four pointers lie on the stack.
const std::string variables =
    "KEPT long g; long get(void) { return g; } KEPT long h; long get_h(void) { return h; }\n"
    "#define EIGHT long a, long b, long c, long d, long e, long f, long i, long j\n";

/// And may write there.
std::vector<std::string> functions_that_get(const model::CodeFacts& facts, const std::string& variable) {
  std::vector<std::string> functions;
  for (const model::CodeWrite& write : writes_of(facts, variable)) functions.push_back(write.passed_to);
  return functions;
}

class StackArguments : public testing::Test {
 protected:
  void each(const std::string& source, const std::function<void(const model::CodeFacts&)>& check) {
    matrix.each(variables + source,
                [&](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) { check(facts); });
  }
  tests::CompileMatrix matrix;
};

TEST_F(StackArguments, AreFollowedIntoWhatIsCalled) {
  each(
      "OWN static void fill(EIGHT, const long *from, long *to) {\n"
      "  if (decide(a + b + c + d + e + f + i + j) && *from) *to = 1; use(0); }\n"
      "void set(long n) { fill(n, 1, 2, 3, 4, 5, 6, 7, &h, &g); use(0); }\n"
      "void also(const long *from, long *to) { fill(1, 2, 3, 4, 5, 6, 7, 8, from, to); use(0); }",
      [](const model::CodeFacts& facts) {
        EXPECT_THAT(functions_that_get(facts, "g"), testing::Contains("fill"));
        EXPECT_THAT(functions_that_get(facts, "h"), testing::Not(testing::Contains("fill")));
      });
}

TEST_F(StackArguments, AreFollowedFromOneToTheNext) {
  each(
      "OWN static void fill(EIGHT, long k, long *to) { use(0); *to = a + j + k; use(0); }\n"
      "OWN static void hand_on(EIGHT, long *to) { use(0); fill(j, i, f, e, d, c, b, a, 9, to); use(0); }\n"
      "void set(long n) { hand_on(n, 1, 2, 3, 4, 5, 6, 7, &g); use(0); }\n"
      "void also(long *to) { hand_on(1, 2, 3, 4, 5, 6, 7, 8, to); use(0); }",
      [](const model::CodeFacts& facts) { EXPECT_THAT(functions_that_get(facts, "g"), testing::Contains("hand_on")); });
}

/// As SuperLU's factorisation gets its memory in scipy's sparse solvers.
TEST_F(StackArguments, OneOfTwoThatIsChosen) {
  each(
      "OWN static void fill(EIGHT, long k, long *to) { use(0); *to = a + j + k; use(0); }\n"
      "void set(int c, long n) { long own; long *to = &own; use(0); if (decide(c)) { use(0); to = &g; }\n"
      "  use(0); fill(n, 1, 2, 3, 4, 5, 6, 7, 8, to); use(0); }",
      [](const model::CodeFacts& facts) { EXPECT_THAT(functions_that_get(facts, "g"), testing::Contains("fill")); });
}

TEST_F(StackArguments, WhatPythonParsesIsWritten) {
  each(
      "int set(PyObject *args) { long own[8]; int done = PyArg_ParseTuple(args, \"llllllllll\", &own[0], &own[1],\n"
      "  &own[2], &own[3], &own[4], &own[5], &own[6], &own[7], &h, &g); use(own); return done; }",
      [](const model::CodeFacts& facts) {
        for (const char* name : {"g", "h"}) {
          EXPECT_THAT(functions_that_get(facts, name), testing::Contains("PyArg_ParseTuple"));
        }
      });
}

TEST_F(StackArguments, AFormatSaysWhichAreResults) {
  each(
      "long set(PyObject *args) { long *kept = &g, own[9]; int done = PyArg_ParseTuple(args, \"lllllO!|ll:set\",\n"
      "  &own[0], &own[1], &own[2], &own[3], &own[4], &g, &own[5], &h, &own[6]); return done + *kept; }",
      [](const model::CodeFacts& facts) {
        EXPECT_THAT(functions_that_get(facts, "g"), testing::Not(testing::Contains("PyArg_ParseTuple")));
        EXPECT_THAT(functions_that_get(facts, "h"), testing::Contains("PyArg_ParseTuple"));
      });
}

/// What lies at the bottom of the caller's frame is no argument of whoever takes fewer.
TEST_F(StackArguments, ACallersOwnWordsAreNone) {
  each(
      "OWN static long ask(long a) { use(0); return a; }\n"
      "long set(long c) { long *kept = &h; long n = ask(c); return n + *kept; }",
      [](const model::CodeFacts& facts) { EXPECT_TRUE(writes_of(facts, "h").empty()); });
}

}  // namespace
}  // namespace isoaudit::analyzer
