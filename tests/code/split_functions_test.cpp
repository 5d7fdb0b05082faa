// Functions that the compiler put into two places, read from compiled modules: with symbols and without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/binary/build_module.h"
#include "tests/code/collect_code_of_file.h"

namespace isoaudit::analyzer {
namespace {

using testing::SizeIs;

/// The header's inlined lock: its slow way is unlikely, so it goes to another section. `value` is exported, so that its
/// name survives stripping.
constexpr const char* locked = R"(
static PyMutex mutex; int value;
__attribute__((noipa, cold)) void slow(int); __attribute__((noipa)) void slow(int v) { abort(); }
__attribute__((noipa)) static int bump(int by) {
  PyMutex_Lock(&mutex);
  for (int i = 0; i < by; i++) { value += PyLong_AsLong(0); value ^= by; }
  PyMutex_Unlock(&mutex);
  return value; }
int call(int by) { return bump(by) + 1; }
)";

class SplitFunctions : public testing::TestWithParam<const char*> {
 protected:
  tests::ModuleFolder folder;
};

TEST_P(SplitFunctions, TheSlowWayOfAnInlinedLockBelongsToIt) {
  const model::CodeFacts facts = collect_code(folder.build("_m.so", locked, GetParam()));
  std::size_t writes = 0;
  for (const model::CodeWrite& write : facts.writes) {
    if (write.symbol != "value") continue;
    ++writes;
    EXPECT_EQ(write.guard, "PyMutex_Lock") << write.function;
  }
  EXPECT_GE(writes, 1u);
}

/// What is known in the function is known in its piece: the callee's argument is not taken for the piece's own.
TEST_P(SplitFunctions, ValuesReachThePieces) {
  const model::CodeFacts facts = collect_code(folder.build("_m.so", R"(
static PyObject *kept; PyObject *error; int plain;
__attribute__((cold, noipa)) static int report(PyObject *o) { return printf("%p", o); }
__attribute__((noipa)) PyObject *get(PyObject *self, int c) {
  PyObject *made = PyDict_New();
  if (__builtin_expect(c == 7, 0)) { report(made); error = made; report(self); plain = 3; }
  return made; }
)",
                                                           GetParam()));
  std::vector<std::string> results;
  for (const model::CodeWrite& write : facts.writes) {
    if (write.symbol == "error") results.push_back(write.result_of);
    if (write.symbol == "error" || write.symbol == "plain") {
      EXPECT_TRUE(write.function == "get") << write.function;
    }
  }
  EXPECT_THAT(results, testing::ElementsAre("PyDict_New"));
}

/// A parameter that only the unlikely piece writes through is written.
TEST_P(SplitFunctions, AnArgumentIsFollowedIntoThePieces) {
  const model::CodeFacts facts = collect_code(folder.build("_m.so", R"(
long numbers[4]; __attribute__((cold, noipa)) static void report(long v) { printf("%ld", v); }
__attribute__((noipa)) static long check(long *place, long v) {
  if (__builtin_expect(v == 7, 0)) { report(v); *place = v; report(*place); }
  return v + *place; }
long ask(long v) { return check(numbers, v) + 1; }
)",
                                                           GetParam()));
  ASSERT_THAT(facts.writes, SizeIs(1));
  EXPECT_EQ(facts.writes[0].symbol, "numbers");
  EXPECT_EQ(facts.writes[0].function, "ask");
}

INSTANTIATE_TEST_SUITE_P(Ways, SplitFunctions,
                         testing::Values("-O2 -freorder-blocks-and-partition", "-O2 -freorder-blocks-and-partition -s",
                                         "-O3 -freorder-blocks-and-partition -s"));

}  // namespace
}  // namespace isoaudit::analyzer
