#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/binary/build_module.h"
#include "tests/code/collect_code_of_file.h"

namespace isoaudit::analyzer {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class CollectCode : public testing::Test {
 protected:
  model::CodeFacts collect(const std::string& source, const std::string& flags) {
    const model::CodeFacts facts = collect_code(folder.build("_m.so", source, flags));
    EXPECT_TRUE(facts.read) << facts.why_not;
    return facts;
  }

  static std::set<std::string> variables(const model::CodeFacts& facts) {
    std::set<std::string> names;
    for (const model::CodeWrite& write : facts.writes) names.insert(write.symbol);
    return names;
  }

  static std::vector<model::CodeWrite> writes_of(const model::CodeFacts& facts, const std::string& symbol) {
    std::vector<model::CodeWrite> found;
    for (const model::CodeWrite& write : facts.writes) {
      if (write.symbol == symbol) found.push_back(write);
    }
    return found;
  }

  tests::ModuleFolder folder;
};

constexpr const char* levels[] = {"-O0", "-O1", "-O2", "-O3", "-Os"};

TEST_F(CollectCode, AModuleThatOnlyReadsItsGlobalsStoresToNone) {
  for (const char* flags : levels) {
    const model::CodeFacts facts = collect(
        "static int table[4] = {1, 2, 3, 4}; static const int limit = 3; static __thread int mine;\n"
        "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0};\n"
        "int pick(int i, int *out) { int local[8]; for (int k = 0; k < 8; k++) local[k] = i * k;\n"
        "  mine += i; *out = local[i & 7] + table[i & 3]; return limit; }\n"
        "PyObject *parse(PyObject *args) { static char *names[] = {\"a\", 0}; int a;\n"
        "  if (!PyArg_ParseTupleAndKeywords(args, args, \"i\", names, &a)) return 0; return PyLong_FromLong(a); }\n"
        "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n",
        flags);
    EXPECT_THAT(facts.writes, IsEmpty()) << flags << " " << testing::PrintToString(variables(facts));
  }
}

TEST_F(CollectCode, DirectStoresAreFoundWithVariableAndFunction) {
  for (const char* flags : levels) {
    const model::CodeFacts facts = collect(
        "static volatile int counter; static PyObject *error; struct { long a, b; } pair;\n"
        "PyObject *get(void) { return error; }\n"
        "void count(void) { counter++; }\n"
        "void make(void) { error = PyErr_NewException(\"m.E\", 0, 0); }\n"
        "void fill(long x) { pair.b = x; }\n",
        flags);
    EXPECT_THAT(variables(facts), ElementsAre("counter", "error", "pair")) << flags;
    const auto error = writes_of(facts, "error");
    ASSERT_EQ(error.size(), 1u) << flags;
    EXPECT_EQ(error[0].function, "make");
    EXPECT_EQ(error[0].result_of, "PyErr_NewException") << flags;
    EXPECT_EQ(error[0].section, ".bss");
    EXPECT_EQ(error[0].size, 8u);
    EXPECT_FALSE(runs_at_load(error[0]));
    EXPECT_EQ(writes_of(facts, "counter")[0].function, "count");
    EXPECT_FALSE(writes_of(facts, "counter")[0].atomic);
  }
}

/// Through the linker's table, as GCC calls what other modules may replace.
TEST_F(CollectCode, WhatAnExportedFunctionOfTheFileDoesWithAnAddressIsRead) {
  for (const char* flags : levels) {
    const model::CodeFacts facts = collect(
        "struct pair { long a, b; }; static struct pair read_only = {1, 2}, filled; int get(void) { return filled.a; "
        "}\n"
        "__attribute__((noinline)) long sum(volatile struct pair *p) { return p->a + p->b; }\n"
        "__attribute__((noinline)) void fill(volatile struct pair *p) { p->a = 1; }\n"
        "long both(void) { fill(&filled); return sum(&read_only); }\n",
        flags);
    EXPECT_THAT(variables(facts), ElementsAre("filled")) << flags;
    EXPECT_THAT(writes_of(facts, "filled")[0].passed_to, testing::AnyOf("fill", "")) << flags;
  }
}

TEST_F(CollectCode, StoresThroughPointersAreFollowedOverBranchesAndLoops) {
  for (const char* flags : levels) {
    const model::CodeFacts facts = collect(
        "static int numbers[100]; static struct { int x, y; } point; static int other;\n"
        "int sum(void) { return numbers[5] + point.y + other; }\n"
        "void loop(int n) { int *p = numbers; for (int i = 0; i < n; i++) p[i] = i * n; }\n"
        "void either(int c) { int *p = &point.x; if (c) { p = &point.y; abs(c); } else abs(n(c)); *p = c; point.y = 1; "
        "}\n"
        "void indexed(int i) { (&other)[0] = i; }\n",
        std::string(flags) + " -Dn=abs");
    EXPECT_THAT(variables(facts), ElementsAre("numbers", "other", "point")) << flags;
  }
}

/// GCC goes on with the registers as a block's copy leaves them.
TEST_F(CollectCode, WhereABlockEndsIsKnown) {
  for (const char* block : {"rep stosl", "rep movsl", "movsl"}) {
    const std::string times = std::string(block).starts_with("rep") ? "12" : "1";
    const model::CodeFacts facts = collect(
        "int first[64], second[12], third;\n"
        "int f(void) { __asm__ volatile(\"lea first(%rip), %rdi\\n lea second(%rip), "
        "%rsi\\n mov $" +
            times + ", %ecx\\n " + block +
            "\\n movl $7, 4(%rdi)\\n lea third(%rip), %rdx\\n movl $1, "
            "(%rdx,%rcx)\"); return third; }\n",
        "-O2 -fvisibility=hidden");
    std::vector<std::uint64_t> offsets;
    std::uint64_t begin = 0;
    for (const model::CodeWrite& write : facts.writes) {
      if (write.symbol != "first") continue;
      if (offsets.empty()) begin = write.offset;
      offsets.push_back(write.offset - begin);
    }
    std::ranges::sort(offsets);
    EXPECT_THAT(offsets, ElementsAre(0, times == "12" ? 52 : 8)) << block;
  }
}

TEST_F(CollectCode, StrippedFilesNameSectionAndOffset) {
  const model::CodeFacts facts =
      collect("static volatile long first, second; void f(void) { second = 1; first = 2; }\n", "-O2 -s");
  ASSERT_EQ(facts.writes.size(), 2u);
  for (const model::CodeWrite& write : facts.writes) {
    EXPECT_EQ(write.symbol, "");
    EXPECT_EQ(write.section, ".bss");
    EXPECT_EQ(write.size, 8u);
  }
  EXPECT_EQ(std::max(facts.writes[0].offset, facts.writes[1].offset) -
                std::min(facts.writes[0].offset, facts.writes[1].offset),
            8u);
}

TEST_F(CollectCode, AtomicWritesAreMarked) {
  for (const char* flags : levels) {
    const model::CodeFacts facts = collect(
        "static int a, b, c, d;\n"
        "int f(int x) { __atomic_fetch_add(&a, x, __ATOMIC_SEQ_CST); __atomic_exchange_n(&b, x, __ATOMIC_SEQ_CST);\n"
        "  int zero = 0; __atomic_compare_exchange_n(&c, &zero, x, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); d = x; "
        "return d; }\n"
        "int g(void) { return d; }\n",
        flags);
    EXPECT_THAT(variables(facts), ElementsAre("a", "b", "c", "d")) << flags;
    for (const model::CodeWrite& write : facts.writes) EXPECT_EQ(write.atomic, write.symbol != "d") << flags;
  }
}

TEST_F(CollectCode, AnAddressGivenToAFunctionThatWritesIsAWrite) {
  for (const char* flags : levels) {
    const model::CodeFacts facts = collect(
        "#include <string.h>\n"
        "static PyObject *arg; static char buffer[64]; static PyTypeObject type; static char text[8] = \"abc\"; int "
        "known;\n"
        "extern void elsewhere(void *);\n"
        "PyObject *parse(PyObject *a) { return PyArg_ParseTuple(a, \"O\", &arg) ? arg : 0; }\n"
        "void copy(const char *s) { memcpy(buffer, s, strlen(s)); }\n"
        "int ready(void) { return PyType_Ready(&type); }\n"
        "unsigned long length(void) { return strlen(text); }\n"
        "void give(void) { elsewhere(&known); }\n",
        flags);
    EXPECT_THAT(variables(facts), ElementsAre("arg", "buffer", "known", "type")) << flags;
    EXPECT_EQ(writes_of(facts, "arg")[0].passed_to, "PyArg_ParseTuple");
    // -Os copies in place.
    const bool in_place = std::string(flags) == "-Os";
    EXPECT_EQ(writes_of(facts, "buffer")[0].passed_to, in_place ? "" : "memcpy") << flags;
    EXPECT_EQ(writes_of(facts, "type")[0].passed_to, "PyType_Ready");
    EXPECT_EQ(writes_of(facts, "known")[0].passed_to, "elsewhere");
  }
}

TEST_F(CollectCode, AFunctionOfTheFileIsAskedWhatItDoesWithAnAddress) {
  for (const char* flags : levels) {
    const model::CodeFacts facts = collect(
        "static int read_only = 4, written, deep;\n"
        "__attribute__((noinline, noipa)) static int look(const int *p) { return *p; }\n"
        "__attribute__((noinline, noipa)) static void put(int *p, int v) { *p = v; }\n"
        "__attribute__((noinline, noipa)) static void hand_on(int v, int *p) { put(p, v); }\n"
        "int f(int v) { put(&written, v); hand_on(v, &deep); return look(&read_only); }\n"
        "int g(void) { return written + deep; }\n",
        flags);
    EXPECT_THAT(variables(facts), ElementsAre("deep", "written")) << flags;
    EXPECT_EQ(writes_of(facts, "written")[0].passed_to, "put") << flags;
    EXPECT_EQ(writes_of(facts, "deep")[0].passed_to, "hand_on") << flags;
  }
}

TEST_F(CollectCode, ConstructorsAreToldFromWhatRunsLater) {
  for (const char* flags : levels) {
    const model::CodeFacts facts = collect(
        "static int once, twice; int look(void) { return once + twice; }\n"
        "__attribute__((noinline, noipa)) static void helper(int v) { once = v; }\n"
        "__attribute__((noinline, noipa)) static void both(int v) { twice = v; }\n"
        "__attribute__((constructor)) static void start(void) { helper(3); both(4); }\n"
        "void later(void) { both(5); }\n",
        flags);
    ASSERT_EQ(writes_of(facts, "once").size(), 1u) << flags;
    EXPECT_TRUE(runs_at_load(writes_of(facts, "once")[0])) << flags;
    ASSERT_EQ(writes_of(facts, "twice").size(), 1u) << flags;
    EXPECT_FALSE(runs_at_load(writes_of(facts, "twice")[0])) << flags;
  }
}

TEST_F(CollectCode, ExportedVariablesBehindTheGlobalOffsetTableAreFound) {
  const model::CodeFacts facts = collect("int shared; void set(int v) { shared = v; }\n", "-O2");
  EXPECT_THAT(variables(facts), ElementsAre("shared"));
}

TEST_F(CollectCode, CxxGuardsAreTheCompilersOwn) {
  const model::CodeFacts facts = collect(
      "// c++\n"
      "#include <vector>\n"
      "extern int compute(); extern \"C\" int f() { static int value = compute(); return value; }\n",
      "-O2");
  const std::set<std::string> names = variables(facts);
  EXPECT_EQ(names.size(), 1u);
  EXPECT_THAT(*names.begin(), testing::HasSubstr("value"));
}

TEST_F(CollectCode, TheSameFileGivesTheSameFacts) {
  const std::string path = folder.build("_m.so", "static volatile int x; void f(void) { x = 1; }\n");
  EXPECT_EQ(collect_code(path), collect_code(path));
}

TEST_F(CollectCode, WhatCannotBeReadSaysWhy) {
  EXPECT_FALSE(collect_code(folder.write("empty.so", "")).read);
  EXPECT_EQ(collect_code(folder.write("empty.so", "")).why_not, "is empty");
  EXPECT_EQ(collect_code(folder.path("none.so")).why_not, "cannot be read: No such file or directory");
  folder.build("_m.so", "int f(void) { return 1; }\n");
  std::string bytes = folder.read("_m.so");
  bytes[18] = static_cast<char>(0xF3), bytes[19] = 0;
  EXPECT_EQ(collect_code(folder.write("riscv.so", bytes)).why_not, "no disassembler for riscv64 is built in");
}

/// Code that is none, code cut anywhere, code that jumps anywhere: an answer, in bounded time.
TEST_F(CollectCode, DamagedCodeEnds) {
  folder.build("_m.so",
               "static int a[9]; int f(int n) { for (int i = 0; i < n; i++) a[i] += a[n - i]; return a[n]; }\n"
               "int g(int n) { return n > 3 ? f(n - 1) : f(n); }\n",
               "-O2");
  const std::string whole = folder.read("_m.so");
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    // .text, .eh_frame and .plt lie between these.
    for (int i = 0; i < 12; ++i) bytes[0x400 + random() % 0x2000] = static_cast<char>(random());
    const model::CodeFacts facts = collect_code(folder.write("bad.so", bytes));
    EXPECT_TRUE(facts.read || !facts.why_not.empty());
  }
}

}  // namespace
}  // namespace isoaudit::analyzer
