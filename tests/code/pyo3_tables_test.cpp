// The names that PyO3's constant tables give to functions, laid out as rustc does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/code/compile_matrix.h"

namespace isoaudit::analyzer {
namespace {

/// KEPT is for variables; all functions write one of them, by which they are known.
constexpr const char* types = R"(
typedef struct { const char *text; unsigned long length; } text;
#define TEXT(t) {t, sizeof(t)}
typedef struct { long kind; void *function; text name, doc; int flags; } method;
typedef struct { long kind; text name; void *function; text doc; long filling; } attribute;
typedef struct { int id; void *function; } slot;
#define WRITER(name) KEPT long in_##name; OWN void *name(void) { in_##name = 1; use(&in_##name); return 0; }
)";

class Pyo3Tables : public testing::Test {
 protected:
  /// How Python gets to the writer of in_f.
  void expect(const std::string& tables, const std::string& how) {
    matrix.each(std::string(types) + "WRITER(f) WRITER(other)\n" + tables,
                [&](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
                  bool found = false;
                  for (const model::CodeWrite& write : tests::writes_of(facts, "in_f")) {
                    for (const model::Reached& reached : write.reached) {
                      found = true;
                      EXPECT_THAT(reached.path, testing::StartsWith(how + " → "));
                    }
                  }
                  EXPECT_TRUE(found);
                });
  }
  tests::CompileMatrix matrix;
};

TEST_F(Pyo3Tables, Methods) {
  expect("const method table[] = {{2, f, TEXT(\"insert\"), TEXT(\"insert($self, key)\\n--\\n\\n\"), 0x82}};",
         "method `insert`");
  // The length is another one; no flags; a name with spaces.
  expect("const method table[] = {{2, f, {\"insert\", 6}, TEXT(\"\"), 0x82}};", "table `table`");
  expect("const method table[] = {{2, f, TEXT(\"insert\"), TEXT(\"\"), 0}};", "table `table`");
  expect("const method table[] = {{2, f, TEXT(\"to insert\"), TEXT(\"\"), 0x82}};", "table `table`");
}

TEST_F(Pyo3Tables, Attributes) {
  expect("const attribute table[] = {{4, TEXT(\"size\"), f, {0, 0}}, {5, TEXT(\"size\"), other, {0, 0}}};",
         "attribute `size`");
  expect("const attribute table[] = {{4, TEXT(\"size\"), f, TEXT(\"how large\")}};", "attribute `size`");
  expect("const attribute table[] = {{9, TEXT(\"size\"), f, TEXT(\"how large\")}};", "table `table`");
}

/// Other libraries' slots have numbers of their own.
TEST_F(Pyo3Tables, SlotsThatNoZeroEnds) {
  const std::string table =
      "const slot table[] = {{62, f}, {66, other}}; const long behind = 7; const long *get(void) { return &behind; }\n";
  expect(table, "table `table`");
  expect(table + "const char place[] = \"pyo3-0.29.0/src/panic.rs\";", "tp_iter of a type");
}

TEST_F(Pyo3Tables, OneSlotTwiceIsNone) {
  expect("const slot table[] = {{3, other}, {3, f}, {3, other}, {0, 0}};", "table `table`");
  expect(
      "const char place[] = \"pyo3-0.29.0/src/panic.rs\"; const slot table[] = {{62, other}, {62, f}}; const long "
      "behind = 7; const long *get(void) { return &behind; }",
      "table `table`");
}

/// drop, size, alignment, methods.
TEST_F(Pyo3Tables, VirtualMethodsAreNoSlots) {
  expect("void *const table[] = {0, (void *)8, (void *)8, f, other, 0, (void *)16, (void *)8, other};",
         "table `table`");
}

}  // namespace
}  // namespace isoaudit::analyzer
