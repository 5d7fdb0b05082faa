// Variables that are written through pointers which a table holds.
#include "analyzer/code/pointer_tables.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <set>

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
/// Compilers copy two words at once, of which the first may say nothing.
TEST_F(PointerTables, ARowThatIsCopiedToTheStack) {
  expect_all(
      "typedef struct { const char *name; long *to; } Row;\n"
      "static const Row row = {\"g\", &g}, rows[] = {{\"h\", &h}, {\"k\", &k}};\n"
      "void one(void) { Row own = row; use(&own); *own.to = 1; }\n"
      "void two(void) { Row own = rows[0], other = rows[1]; use(&own); use(&other); *own.to = 1; *other.to = 2; }");
}

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

/// The word that begins a static object of Python 3.14: what lies before it belongs to another variable.
TEST(PointerTable, BeginsNoEarlierThanTheObjectThatItIs) {
  constexpr std::uint64_t data_at = 0x10000, head_3_14 = 0x00050000c0000000;
  for (const auto& [first, found] : {std::pair(head_3_14, false), std::pair(std::uint64_t{7}, true)}) {
    const std::array<std::uint64_t, 16> words{0, 0, first};
    std::string bytes(sizeof words, '\0');
    std::memcpy(bytes.data(), words.data(), sizeof words);
    Image image;
    image.file = hold_bytes(bytes);
    Section data{.name = ".data", .address = data_at, .size = bytes.size(), .bytes = image.file->bytes()};
    data.kind = model::SectionClass::data;
    image.sections = {data};
    // A pointer of the variable before.
    image.relocations = {{.at = data_at + 8, .target = data_at + 0x70}};
    analyzer::PointerTables tables(image);
    EXPECT_EQ(tables.load(data_at + 16).known(), found);
  }
}

/// As CPython's interpreters go from one label to the next (GNU C's labels as values): what a register held at some
/// jump it may hold at each label, and a store there goes elsewhere.
TEST_F(PointerTables, LabelsAreNotWrittenByWhatMayBeAnotherPointer) {
  const auto written = [&](const std::string& other_table, const std::string& store) {
    const std::string source =
        "__asm__(\".data\\n labels: .quad fill, end\\n traced: .quad end, end\\n counter: .quad 0\\n\"\n"
        "\".type labels, @object\\n .size labels, 16\\n .type traced, @object\\n .size traced, 16\\n\"\n"
        "\".type counter, @object\\n .size counter, 8\\n .text\\n .globl run\\n .type run, @function\\n\"\n"
        "\"run: lea labels(%rip), %r13\\n test %edx, %edx\\n je 1f\\n lea " +
        other_table +
        "(%rip), %r13\\n\"\n"
        "\"1: movzbl (%rdi), %eax\\n mov (%r13, %rax, 8), %rax\\n jmp *%rax\\n\"\n"
        "\"fill: " +
        store + "\\n end: ret\\n .size run, .-run\\n\");";
    std::set<std::string> names;
    for (const model::CodeWrite& write : matrix.read(source, tests::CompileMatrix::ways()[0]).writes)
      names.insert(write.symbol);
    return names;
  };
  const std::string through = "movq $0, (%r13)", sure = "lea labels(%rip), %rcx\\n mov %rax, (%rcx)";
  EXPECT_EQ(written("traced", through), std::set<std::string>());
  EXPECT_EQ(written("traced", "lea labels(%rip), %rdx\\n call *(%rsi)\\n mov %r13, %rdi\\n call *(%rsi)"),
            std::set<std::string>());
  EXPECT_EQ(written("counter", through), std::set<std::string>{"counter"});
  EXPECT_EQ(written("traced", sure), std::set<std::string>{"labels"});
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
