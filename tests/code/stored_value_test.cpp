// What is stored, in the words that the source pass uses too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/code/compile_matrix.h"

namespace isoaudit::analyzer {
namespace {

using model::StoredValue;
using tests::writes_of;

/// `value`, and what `stored` and `result_of` say.
struct Stored {
  StoredValue value = StoredValue::unknown;
  std::string text{};
  bool operator==(const Stored&) const = default;
};

void PrintTo(const Stored& stored, std::ostream* out) {
  *out << "value " << static_cast<int>(stored.value) << " " << stored.text;
}

Stored stored_of(const model::CodeWrite& write) {
  return {write.value, write.value == StoredValue::call ? write.result_of : write.stored};
}

class StoredValues : public testing::Test {
 protected:
  void expect(const std::string& source, const std::string& variable, const Stored& stored) {
    matrix.each(source, [&](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
      const std::vector<model::CodeWrite> writes = writes_of(facts, variable);
      ASSERT_FALSE(writes.empty());
      for (const model::CodeWrite& write : writes) EXPECT_EQ(stored_of(write), stored);
    });
  }
  tests::CompileMatrix matrix;
};

TEST_F(StoredValues, AConstant) {
  expect("KEPT int g; int get(void) { return g; } void set(void) { g = 42; }", "g", {StoredValue::constant, "0x2a"});
}

TEST_F(StoredValues, AStaticsAddress) {
  expect("KEPT int table[4]; KEPT int *g; int get(void) { return *g; } void set(void) { g = table; }", "g",
         {StoredValue::static_address, "table"});
}

TEST_F(StoredValues, PartOfAStatic) {
  expect("KEPT int table[4]; KEPT int *g; int get(void) { return *g; } void set(void) { g = &table[2]; }", "g",
         {StoredValue::static_address, "table+0x8"});
}

TEST_F(StoredValues, None) {
  expect("KEPT PyObject *g; PyObject *get(void) { return g; } void set(void) { g = &_Py_NoneStruct; }", "g",
         {StoredValue::immortal, "_Py_NoneStruct"});
}

TEST_F(StoredValues, ABuiltinType) {
  expect("KEPT PyTypeObject *g; void *get(void) { return g; } void set(void) { g = &PyList_Type; }", "g",
         {StoredValue::immortal, "PyList_Type"});
}

TEST_F(StoredValues, ABuiltinException) {
  expect("KEPT PyObject *g; PyObject *get(void) { return g; } void set(void) { g = PyExc_ValueError; }", "g",
         {StoredValue::immortal, "PyExc_ValueError"});
}

TEST_F(StoredValues, WhatACallReturns) {
  expect("KEPT PyObject *g; PyObject *get(void) { return g; } void set(void) { g = PyDict_New(); }", "g",
         {StoredValue::call, "PyDict_New"});
}

/// As CPython 3.15's datetime.h keeps its API: whoever is first.
TEST_F(StoredValues, WhatIsStoredByCompareAndExchange) {
  expect(
      "KEPT void *g; void *get(void) { return g; }\n"
      "void set(void) { void *d = PyDict_New(), *none = 0;\n"
      "  __atomic_compare_exchange_n(&g, &none, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }",
      "g", {StoredValue::call, "PyDict_New"});
  expect(
      "KEPT void *g; void *get(void) { return g; }\n"
      "void set(void) { __atomic_exchange_n(&g, PyDict_New(), __ATOMIC_SEQ_CST); }",
      "g", {StoredValue::call, "PyDict_New"});
}

/// On AArch64 one atomic instruction may be a function's.
TEST_F(StoredValues, WhatAFunctionForOneInstructionStores) {
  const std::string functions =
      "KEPT void *g; void *get(void) { return g; } KEPT int n; int count(void) { return n; }\n"
      "void *__aarch64_cas8_acq_rel(void *expected, void *stores, void *place);\n"
      "void *__aarch64_swp8_acq_rel(void *stores, void *place); int __aarch64_ldadd4_relax(int more, void *place);\n";
  for (const char* set :
       {"void set(void) { __aarch64_cas8_acq_rel(0, PyDict_New(), &g); __aarch64_ldadd4_relax(1, &n); }",
        "void set(void) { __aarch64_swp8_acq_rel(PyDict_New(), &g); __aarch64_ldadd4_relax(1, &n); }"}) {
    for (const tests::CompileMatrix::Way& way : tests::CompileMatrix::ways()) {
      if (!way.arm || !way.optimised) continue;
      const model::CodeFacts facts = matrix.read(functions + set, way);
      ASSERT_EQ(writes_of(facts, "g").size(), 1u) << way.name;
      ASSERT_EQ(writes_of(facts, "n").size(), 1u) << way.name;
      const model::CodeWrite stores = writes_of(facts, "g")[0], changes = writes_of(facts, "n")[0];
      EXPECT_TRUE(stores.atomic) << way.name << set;
      EXPECT_TRUE(changes.atomic) << way.name << set;
      EXPECT_EQ(changes.value, StoredValue::changed) << way.name << set;
      EXPECT_EQ(stored_of(stores), (Stored{StoredValue::call, "PyDict_New"})) << way.name << set;
      EXPECT_EQ(stores.size, 8u) << way.name;
    }
  }
}

/// Behind another function it is atomic still.
TEST_F(StoredValues, AFunctionForOneInstructionThatAnotherCalls) {
  for (const tests::CompileMatrix::Way& way : tests::CompileMatrix::ways()) {
    if (!way.arm || !way.optimised) continue;
    const model::CodeFacts facts = matrix.read(
        "KEPT int n, m; int count(void) { return n + m; } int __aarch64_ldadd4_relax(int more, void *place);\n"
        "OWN static void more(int *to) { __aarch64_ldadd4_relax(1, to); use(0); }\n"
        "void set(void) { more(&n); more(&m); use(0); }",
        way);
    ASSERT_EQ(writes_of(facts, "n").size(), 1u) << way.name;
    EXPECT_TRUE(writes_of(facts, "n")[0].atomic) << way.name;
    EXPECT_EQ(writes_of(facts, "n")[0].value, StoredValue::changed) << way.name;
  }
}

TEST_F(StoredValues, OneOfTwoApisIsNotTakenForTheOther) {
  matrix.each(
      "KEPT void *g; void *get(void) { return g; }\n"
      "void set(int c) { void *api; if (decide(c)) api = PyCapsule_Import(\"a.b\", 0);\n"
      "  else { use(0); api = PyCapsule_Import(\"a.c\", 0); } use(0); g = api; }",
      [](const model::CodeFacts& facts, const auto&) {
        std::vector<std::string> names;
        for (const model::CodeWrite& write : writes_of(facts, "g")) names.push_back(write.stored);
        // GCC makes two stores of it.
        EXPECT_THAT(names, testing::AnyOf(testing::ElementsAre(""), testing::UnorderedElementsAre("a.b", "a.c")));
      });
}

/// A capsule is asked for by name: the APIs of two modules are two things.
TEST_F(StoredValues, WhichApiACapsuleHasIsToldByItsName) {
  const std::string keeps = "KEPT void *g; void *get(void) { return g; }\n";
  const auto expect_name = [&](const std::string& set, const std::string& name) {
    matrix.each(keeps + set, [&](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
      const std::vector<model::CodeWrite> writes = writes_of(facts, "g");
      ASSERT_FALSE(writes.empty());
      for (const model::CodeWrite& write : writes) EXPECT_EQ(write.stored, name) << set;
    });
  };
  expect_name("void set(void) { g = PyCapsule_Import(\"datetime.datetime_CAPI\", 0); }", "datetime.datetime_CAPI");
  expect_name("void set(void) { g = PyCapsule_GetPointer(PyDict_New(), \"_curses._C_API\"); }", "_curses._C_API");
  expect_name(
      "void set(void) { void *api = PyCapsule_Import(\"datetime.datetime_CAPI\", 0), *none = 0; use(0);\n"
      "  if (api) __atomic_compare_exchange_n(&g, &none, api, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }",
      "datetime.datetime_CAPI");
  expect_name("void set(const char *name) { g = PyCapsule_Import(name, 0); }", "");
  // Its text names the exception, not which of several one gets.
  expect_name("void set(void) { g = PyErr_NewException(\"m.E\", 0, 0); }", "");
}

TEST_F(StoredValues, WhatACallReturnsBehindANullCheckAndOtherCalls) {
  expect(
      "KEPT PyObject *g; PyObject *get(void) { return g; }\n"
      "int set(PyObject *m) { PyObject *e = PyErr_NewException(\"m.E\", 0, 0); if (!e) return -1;\n"
      "  use(m); if (decide(3)) use(e); g = e; return 0; }",
      "g", {StoredValue::call, "PyErr_NewException"});
}

TEST_F(StoredValues, WhatACallReturnsOrNull) {
  matrix.each(
      "KEPT PyObject *g; PyObject *get(void) { return g; }\n"
      "void set(int c) { PyObject *d = 0; if (decide(c)) d = PyDict_New(); use(0); g = d; }",
      [](const model::CodeFacts& facts, const auto&) {
        // GCC makes two stores of it, one of null.
        std::vector<Stored> stored;
        for (const model::CodeWrite& write : writes_of(facts, "g")) stored.push_back(stored_of(write));
        EXPECT_THAT(stored, testing::Contains(Stored{StoredValue::call, "PyDict_New"}));
      });
}

TEST_F(StoredValues, AParameter) {
  expect("KEPT PyObject *g; PyObject *get(void) { return g; } int set(int a, PyObject *m) { g = m; return 0; }", "g",
         {StoredValue::parameter, "argument 2"});
}

/// One thread may run several interpreters: an object that it keeps belongs to the wrong one for the next.
TEST_F(StoredValues, AnObjectInThreadLocalMemory) {
  for (const char* model : {"global-dynamic", "local-dynamic", "initial-exec"}) {
    matrix.each(
        "KEPT _Thread_local PyObject *mine, *other; static _Thread_local int depth; static _Thread_local long first = "
        "3;\n"
        "PyObject *get(int n) { return n ? mine : other; } long count(void) { return first++; }\n"
        "void set(void) { depth++; mine = PyDict_New(); }",
        [&](const model::CodeFacts& facts, const auto&) {
          const std::vector<model::CodeWrite> writes = writes_of(facts, "mine");
          ASSERT_EQ(writes.size(), 1u) << model;
          EXPECT_EQ(writes[0].section, ".tbss") << model;
          EXPECT_EQ(stored_of(writes[0]), (Stored{StoredValue::call, "PyDict_New"})) << model;
          EXPECT_THAT(writes_of(facts, "other"), testing::IsEmpty()) << model;
          EXPECT_THAT(writes_of(facts, ""), testing::IsEmpty()) << model;
        },
        false, std::string("-ftls-model=") + model);
  }
}

/// What is made of what was there brings no object that was not there before; what another word held may be one.
TEST_F(StoredValues, ANumberInThreadLocalMemory) {
  for (const char* model : {"global-dynamic", "initial-exec"}) {
    matrix.each(
        "KEPT _Thread_local long taken; KEPT _Thread_local PyObject *mine; KEPT _Thread_local PyObject *other;\n"
        "long count(long n) { return taken += n; } long more(PyObject *p) { taken += strlen((char *)p); return taken; "
        "}\n"
        "void keep(PyObject *p) { mine = p; } void next(void) { other = (PyObject *)((char *)mine + 1); }\n"
        "PyObject *get(int n) { return n ? mine : other; }",
        [&](const model::CodeFacts& facts, const auto&) {
          EXPECT_THAT(writes_of(facts, "taken"), testing::IsEmpty()) << model;
          EXPECT_THAT(writes_of(facts, "mine"), testing::SizeIs(1)) << model;
          EXPECT_THAT(writes_of(facts, "other"), testing::SizeIs(1)) << model;
        },
        false, std::string("-ftls-model=") + model);
  }
}

/// A method of std::string gets it: so many bytes there are a text.
TEST_F(StoredValues, ATextInThreadLocalMemory) {
  matrix.each(
      "namespace std { inline namespace __cxx11 { template <class C> struct basic_string {\n"
      "  char *p; size_t n, c, d; void assign(const char *); }; } }\n"
      "KEPT __thread PyObject *before; KEPT __thread std::basic_string<char> text;\n"
      "PyObject *get(void) { return before; } void set(const char *s) { text.assign(s); text.n = strlen(s); }",
      [&](const model::CodeFacts& facts, const auto&) {
        const std::vector<model::CodeWrite> writes = writes_of(facts, "text");
        ASSERT_EQ(writes.size(), 2u);
        const auto passed = std::ranges::find_if(writes, [](const auto& write) { return !write.passed_to.empty(); });
        ASSERT_NE(passed, writes.end());
        EXPECT_EQ(passed->passed_to, "std::__cxx11::basic_string<char>::assign(char const*)");
        EXPECT_EQ(passed->size, 32u);
        EXPECT_THAT(writes_of(facts, "before"), testing::IsEmpty());
      },
      true);
}

/// std::call_once keeps its function in the C++ library's own.
TEST_F(StoredValues, AnotherModulesThreadLocalMemoryIsNotOurs) {
  for (const char* model : {"global-dynamic", "initial-exec"}) {
    matrix.each(
        "KEPT _Thread_local PyObject *mine; extern _Thread_local PyObject *theirs; PyObject *get(void) { return mine; "
        "}\n"
        "void set(void) { theirs = PyDict_New(); }",
        [&](const model::CodeFacts& facts, const auto&) { EXPECT_THAT(facts.writes, testing::IsEmpty()) << model; },
        false, std::string("-ftls-model=") + model);
  }
}

TEST_F(StoredValues, ACounter) {
  expect("KEPT int g; int get(void) { return g; } void count(void) { g++; }", "g", {StoredValue::changed, ""});
  expect("KEPT long g; long get(void) { return g; } void count(long n) { g = g + n; }", "g",
         {StoredValue::changed, ""});
  expect("KEPT unsigned g; int get(void) { return g; } void count(unsigned n) { g |= n; }", "g",
         {StoredValue::changed, ""});
}

TEST_F(StoredValues, ACounterThatIsChangedInOnePiece) {
  expect(
      "KEPT long g; long get(void) { return g; } void count(long n) { __atomic_fetch_add(&g, n, __ATOMIC_SEQ_CST); }",
      "g", {StoredValue::changed, ""});
}

TEST_F(StoredValues, WhatIsReadElsewhereIsNotKnown) {
  expect("KEPT long g; long get(void) { return g; } void set(long *p) { g = *p; }", "g", {StoredValue::unknown, ""});
}

/// Two ways to the store: neither constant may be told for both.
TEST_F(StoredValues, AChoiceOfConstantsIsNotOne) {
  matrix.each(
      "KEPT int g; int get(void) { return g; } void set(int c) { int v = 7; if (decide(c)) v = 9; use(0); g = v; }",
      [](const model::CodeFacts& facts, const auto&) {
        for (const model::CodeWrite& write : writes_of(facts, "g")) EXPECT_NE(write.value, StoredValue::constant);
      });
}

/// A local whose address is passed on changes unseen.
TEST_F(StoredValues, AnEscapedLocalIsNotConstant) {
  matrix.each(
      "KEPT long g; long get(void) { return g; }\n"
      "void set(PyObject *a) { long v = 5; PyArg_ParseTuple(a, \"l\", &v); g = v; }",
      [](const model::CodeFacts& facts, const auto&) {
        ASSERT_EQ(writes_of(facts, "g").size(), 1u);
        EXPECT_EQ(writes_of(facts, "g")[0].value, StoredValue::unknown);
      });
  matrix.each(
      "KEPT long g; long get(void) { return g; }\n"
      "void set(PyObject *a) { long v = 5; long *p = &v; use(&p); use(0); g = v; }",
      [](const model::CodeFacts& facts, const auto&) {
        ASSERT_EQ(writes_of(facts, "g").size(), 1u);
        EXPECT_EQ(writes_of(facts, "g")[0].value, StoredValue::unknown);
      });
}

/// The label is reached from the table and from above: what came from above alone says nothing.
TEST_F(StoredValues, ACaseOfASwitchIsReachedInSeveralWays) {
  matrix.each(
      "KEPT long g, h; long get(void) { return g + h; }\n"
      "void set(int c) { long v = 5; switch (c) { case 0: v = 6; use(0); break; case 1: v = 7; use(&h); case 2: g = v;"
      "  use(0); break; case 3: use((void *)3); v = 8; break; case 4: use((void *)4); v = 9; break;"
      "  case 5: use((void *)5); v = 10; break; case 6: use((void *)9); v = 12; } h = v; }",
      [](const model::CodeFacts& facts, const auto&) {
        ASSERT_FALSE(writes_of(facts, "g").empty());
        for (const model::CodeWrite& write : writes_of(facts, "g")) EXPECT_NE(write.value, StoredValue::constant);
      });
}

TEST_F(StoredValues, NeighboursThatOneInstructionFillsAreEachOnesOwn) {
  matrix.each(
      "KEPT struct { long a, b; } pair; KEPT long one, two; void *get(int c) { return c ? (void *)&pair : c > 1 ? "
      "(void *)&one : &two; }\n"
      "void set(void) { pair.a = 1; pair.b = 2; } void both(void) { one = 3; two = 3; }",
      [](const model::CodeFacts& facts, const auto&) {
        EXPECT_FALSE(writes_of(facts, "pair").empty());
        EXPECT_EQ(writes_of(facts, "one").size(), 1u);
        EXPECT_EQ(writes_of(facts, "two").size(), 1u);
        for (const char* name : {"one", "two"}) {
          for (const model::CodeWrite& write : writes_of(facts, name)) {
            EXPECT_EQ(stored_of(write), (Stored{StoredValue::constant, "0x3"}));
            EXPECT_EQ(write.size, 8u);
          }
        }
      });
}

}  // namespace
}  // namespace isoaudit::analyzer
