// A variable's address that a function puts somewhere, or hands back: who writes through it is not seen.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/code/compile_matrix.h"

namespace isoaudit::analyzer {
namespace {

using tests::writes_of;

constexpr const char* keepers =
    "struct holder { long n; long *place; };\n"
    "__attribute__((noinline)) void keep(struct holder *h, long *p) { h->n = 1; h->place = p; }\n"
    "__attribute__((noinline)) long *same(long *p) { use(0); return p; }\n"
    "__attribute__((noinline)) long *deeper(long *p) { use(0); return same(p); }\n"
    "__attribute__((noinline)) long look(long *p) { use(0); return *p; }\n";

class KeptPointers : public testing::Test {
 protected:
  void expect(const std::string& source, std::size_t writes, const std::string& callee) {
    matrix.each(keepers + source, [&](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
      const std::vector<model::CodeWrite> found = writes_of(facts, "g");
      // Clang also knows what is handed back, and so the store itself.
      const auto passed = std::ranges::count(found, callee, &model::CodeWrite::passed_to);
      EXPECT_EQ(static_cast<std::size_t>(passed), writes);
    });
  }
  tests::CompileMatrix matrix;
};

TEST_F(KeptPointers, InAnObject) { expect("KEPT long g; void f(struct holder *h) { keep(h, &g); }", 1, "keep"); }

TEST_F(KeptPointers, HandedBack) {
  expect("KEPT long g; void f(void) { *same(&g) += 1; }", 1, "same");
  expect("KEPT long g; void f(void) { *deeper(&g) += 1; }", 1, "deeper");
}

TEST_F(KeptPointers, OneThatIsReadIsNot) { expect("KEPT long g; long f(void) { return look(&g); }", 0, "look"); }

// What the file initialises is a table that others read.
TEST_F(KeptPointers, ATable) { expect("KEPT long g[2] = {1, 2}; void f(struct holder *h) { keep(h, g); }", 0, "keep"); }

/// `current = &context`: what goes through the pointer goes there.
class HeldPointers : public testing::Test {
 protected:
  using Way = tests::CompileMatrix::Way;
  void expect(const std::string& uses, bool written, bool (*fits)(const Way&) = [](const Way&) { return true; }) {
    const std::string source =
        "KEPT long g[2]; static long *current; void set(long *p) { current = p; } void begin(void) { current = g; }\n"
        "OWN void fill(long *p, int c) { p[1] = decide(c); } OWN long look(long *p) { use(0); return p[1]; }\n" +
        uses;
    matrix.each(source, [&](const model::CodeFacts& facts, const Way& way) {
      if (!fits(way)) return;
      EXPECT_EQ(!writes_of(facts, "g").empty(), written) << uses;
    });
  }
  tests::CompileMatrix matrix;
};

TEST_F(HeldPointers, AStore) {
  expect("void f(int c) { current[1] = decide(c); }", true);
  expect("void f(int c) { current[c] = decide(c); }", true);
  expect("void f(int c) { __atomic_fetch_add(current, c, 5); }", true);
}

TEST_F(HeldPointers, ACall) {
  expect("void f(int c) { fill(current, c); }", true);
  expect("void f(void *args) { PyArg_ParseTuple(args, \"l\", current); }", true);
}

/// One that comes from a table, whose address is in a register.
TEST_F(HeldPointers, AmongOthers) {
  const std::string others = "static struct { long n, *first, *second; } all; void put(void) { all.second = g; }\n";
  expect(others + "void f(int c) { use(&all); all.second[1] = decide(c); }", true);
  expect(others + "void f(int c) { use(&all); fill(all.second, c); }", true);
}

/// Such a function is gone through for its own sake, too, before all pointers are known.
TEST_F(HeldPointers, InAFunctionWithStoresOfItsOwn) {
  const std::string own = "KEPT long own[4]; long *where; void f(int c) { where = own; ";
  expect(own + "current[1] = decide(c); }", true);
  expect(own + "fill(current, c); }", true);
  expect(own + "use(0); look(current); }", false);
}

/// More uses than are kept until all pointers are known.
TEST_F(HeldPointers, InAFunctionWithManyUsesOfOthers) {
  const std::string many =
      "#ifdef __x86_64__\n#define MANY __asm__ volatile(\".rept 70000; movq other(%%rip), %%rax; movl $1, (%%rax); "
      ".endr\" ::: \"rax\", \"memory\")\n#else\n#define MANY\n#endif\n"
      "KEPT long *other __asm__(\"other\"); void set_other(long *p) { other = p; }\n";
  const std::string own = many + "KEPT long own[4]; long *where; void f(int c) { where = own; MANY; ";
  expect(own + "current[1] = decide(c); }", true);
  expect(own + "fill(current, c); }", true);
  expect(many + "void f(int c) { MANY; fill(current, c); current[1] = decide(c); }", true);
}

TEST_F(HeldPointers, WhatIsReadIsNotWritten) { expect("long f(void) { return current[1] + look(current); }", false); }

/// Then it led elsewhere. Without optimisation a sum is made first, of which only the pointer is known.
TEST_F(HeldPointers, BehindTheVariablesEnd) {
  expect("void f(int c) { current[7] = decide(c); }", false, [](const Way& way) { return way.optimised; });
}

}  // namespace
}  // namespace isoaudit::analyzer
