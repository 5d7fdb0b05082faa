// How each use of a variable is judged. `#include <Python.h>` is line 1, the text's first line is line 2.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Writes, PlainStoresAndTheirValues) {
  const auto facts = facts_of(R"(static PyObject *a, *b, *c, *d, *e; static int n; static int other;
void f(PyObject *arg) {
  a = PyDict_New();
  b = NULL;
  c = Py_NewRef(Py_None);
  d = arg;
  e = PyExc_ValueError;
  n = other;
  n = sizeof(int) * 2;
  a = (PyObject *)&n;
}
)");
  EXPECT_THAT(writes(facts, "a"), ElementsAre("4 assignment call PyDict_New", "11 assignment static"));
  EXPECT_THAT(writes(facts, "b"), ElementsAre("5 assignment constant"));
  EXPECT_THAT(writes(facts, "c"), ElementsAre("6 assignment immortal"));
  EXPECT_THAT(writes(facts, "d"), ElementsAre("7 assignment parameter"));
  EXPECT_THAT(writes(facts, "e"), ElementsAre("8 assignment immortal"));
  EXPECT_THAT(writes(facts, "n"), ElementsAre("9 assignment unknown", "10 assignment constant"));
  EXPECT_EQ(variable(facts, "a").writes.front().where.function, "f");
  EXPECT_TRUE(variable(facts, "other").is_read);
  EXPECT_FALSE(variable(facts, "b").is_read);
}

/// Cython keeps all of a module's objects in a static struct and names it through such a pointer alone.
TEST(Writes, WhatIsReachedThroughAPointerThatIsAStaticIsWritten) {
  const auto facts = facts_of(R"(struct state { PyObject *dict; int n; };
static struct state kept, counted, read_only; static int plain;
static struct state *const always = &kept; static struct state *first = &counted; static struct state *const r = &read_only;
static int *const number = &plain;
int f(void) { always->dict = PyDict_New(); first->n++; *number = 3; return r->n; }
)");
  EXPECT_THAT(writes(facts, "kept"), ElementsAre("6 member call PyDict_New"));
  EXPECT_THAT(writes(facts, "counted"), ElementsAre("6 compound unknown"));
  EXPECT_THAT(writes(facts, "plain"), ElementsAre("6 assignment constant"));
  EXPECT_THAT(writes(facts, "read_only"), IsEmpty());
}

TEST(Writes, ValuesAreFollowedThroughChainsConditionsAndLocals) {
  const auto facts = facts_of(R"(static PyObject *a, *b, *err, *late;
int f(void) {
  PyObject *t = PyErr_NewException("m.E", NULL, NULL), *u = NULL;
  a = b = PyList_New(0);
  if ((err = t) == NULL) return -1;
  u = PyDict_New();
  late = u;
  return 0;
}
)");
  EXPECT_THAT(writes(facts, "a"), ElementsAre("5 assignment call PyList_New"));
  EXPECT_THAT(writes(facts, "b"), ElementsAre("5 assignment call PyList_New"));
  EXPECT_THAT(writes(facts, "err"), ElementsAre("6 assignment call PyErr_NewException"));
  EXPECT_THAT(writes(facts, "late"), ElementsAre("8 assignment call PyDict_New"));
}

TEST(Writes, ALocalWithSeveralValuesIsAsGoodAsItsWorst) {
  std::string rounds;
  for (int i = 0; i < 200; ++i) rounds += "t = d; d = c; c = b; b = a; a = t;\n";
  const auto facts = facts_of(
      "static int g, h; static PyObject *o;\nvoid f(int x, int a, int b, int c, int d, int t) {\n"
      "int sum = 0; sum += x; g = sum;\n"
      "PyObject *p = Py_None; if (x) p = PyList_New(0); o = p;\n" +
      rounds + "h = a; }\n");
  EXPECT_THAT(writes(facts, "g"), ElementsAre("4 assignment unknown"));
  EXPECT_THAT(writes(facts, "o"), ElementsAre("5 assignment call PyList_New"));
  EXPECT_EQ(writes(facts, "h").size(), 1u);
}

TEST(Writes, MembersElementsAndArithmetic) {
  const auto facts = facts_of(R"(struct s { int n; struct { int m[3]; } in; };
static struct s whole, *pointer; static int array[3], count; static char text[8];
void f(int i) {
  whole.n = i;
  whole.in.m[i] = 2;
  pointer->n = 1;
  *(array + i) = 1;
  count++;
  count += 2;
  for (char *p = text; *p; p++) *p = ' ';
}
)");
  EXPECT_THAT(writes(facts, "whole"), ElementsAre("5 member parameter", "6 member constant"));
  EXPECT_THAT(writes(facts, "pointer"), ElementsAre("7 pointee constant"));
  EXPECT_THAT(writes(facts, "array"), ElementsAre("8 member constant"));
  EXPECT_THAT(writes(facts, "count"), ElementsAre("9 compound unknown", "10 compound constant"));
  EXPECT_THAT(writes(facts, "text"), ElementsAre("11 member constant"));
}

TEST(Writes, MembersHaveTheirNames) {
  const auto facts =
      facts_of(R"(struct s { int n, m[3]; struct { int deep; } in; union { int a; long b; } u; int bit : 1; };
struct t { int elsewhere; };
static struct s whole, *pointer, other;
void f(int i) {
  whole.n = 1;
  whole.in.deep = 2;
  whole.u.a = 3;
  whole.m[i] = 4;
  pointer->n = 5;
  struct s *p = &other;
  p->in.deep = 6;
  (&other)[i].n = 7;
  ((struct t *)&other)->elsewhere = 8;
  other.bit = 1;
}
)");
  std::vector<std::string> parts;
  for (const char* name : {"whole", "pointer", "other"}) {
    for (const model::Write& write : variable(facts, name).writes) parts.push_back(write.part);
  }
  EXPECT_THAT(parts, ElementsAre(".n", ".in.deep", "", "", "", ".in.deep", "", "", ""));
}

TEST(Writes, ElementsOfConstantIndexHaveTheirNumbers) {
  const auto facts = facts_of(R"(struct s { int m[3]; } whole;
static int table[9], grid[2][2], *pointer;
enum { third = 2 };
void f(int i) {
  table[0] = 1;
  table[third] = 2;
  grid[1][0] = 3;
  whole.m[1] = 4;
  grid[1][i] = 5;
  pointer[1] = 6;
}
)");
  std::vector<std::string> parts;
  for (const char* name : {"table", "grid", "whole", "pointer"}) {
    for (const model::Write& write : variable(facts, name).writes) parts.push_back(write.part);
  }
  EXPECT_THAT(parts, ElementsAre(".[0]", ".[2]", ".[1].[0]", "", ".m.[1]", ""));
}

TEST(Writes, MacrosOfThePythonApiPointAtTheUsersLine) {
  const auto facts = facts_of(R"(static PyObject *a, *b;
void f(void) {
  Py_CLEAR(a);
  Py_XSETREF(b,
             PyLong_FromLong(4000));
}
)");
  EXPECT_THAT(writes(facts, "a"), ElementsAre("4 macro constant"));
  EXPECT_THAT(writes(facts, "b"), ElementsAre("5 macro call PyLong_FromLong"));
}

TEST(Writes, AddressesThatAreWrittenThrough) {
  const auto facts =
      facts_of(R"(static PyObject *parsed; static char buffer[4]; static PyTypeObject T; struct s { int n; };
static struct s state;
int f(PyObject *args) {
  struct s *st = &state;
  st->n = 3;
  memset(buffer, 0, sizeof buffer);
  if (PyType_Ready(&T) < 0) return -1;
  return PyArg_ParseTuple(args, "O", &parsed);
}
)");
  EXPECT_THAT(writes(facts, "parsed"), ElementsAre("9 by unknown PyArg_ParseTuple"));
  EXPECT_THAT(writes(facts, "buffer"), ElementsAre("7 by unknown memset"));
  EXPECT_THAT(writes(facts, "T"), ElementsAre("8 passed unknown PyType_Ready"));
  EXPECT_THAT(writes(facts, "state"), ElementsAre("6 member constant"));
  EXPECT_FALSE(variable(facts, "state").address_taken);
}

TEST(Writes, AFormatSaysWhichArgumentsAreWritten) {
  const auto facts = facts_of(R"(static PyTypeObject T; static PyObject *a, *b, *either; static int n, late, old;
static Py_buffer view; static char *text; static Py_ssize_t size; static int built;
static int convert(PyObject *o, void *to) { *(int *)to = o != NULL; return 1; }
static int only_reads(PyObject *o, void *from) { return *(const int *)from && o; }
static PyObject *make(void *from) { return PyLong_FromLong(*(int *)from); }
int f(PyObject *args, PyObject *kw, char **names, const char *format) {
  PyArg_ParseTuple(args, "O!|O(i)w*:f", &T, &a, &b, &n, &view);
  PyArg_ParseTupleAndKeywords(args, kw, "es#O&" "O&", names, "utf-8", &text, &size, convert, &late, only_reads, &old);
  PyArg_ParseTuple(args, format, &either);
  return Py_BuildValue("[iO&]",
                              1, make, &built) != NULL;
}
)");
  EXPECT_THAT(writes(facts, "T"), IsEmpty());
  EXPECT_THAT(writes(facts, "a"), ElementsAre("8 by unknown PyArg_ParseTuple"));
  EXPECT_THAT(writes(facts, "b"), ElementsAre("8 by unknown PyArg_ParseTuple"));
  EXPECT_THAT(writes(facts, "n"), ElementsAre("8 by unknown PyArg_ParseTuple"));
  EXPECT_THAT(writes(facts, "view"), ElementsAre("8 by unknown PyArg_ParseTuple"));
  EXPECT_THAT(writes(facts, "text"), ElementsAre("9 by unknown PyArg_ParseTupleAndKeywords"));
  EXPECT_THAT(writes(facts, "size"), ElementsAre("9 by unknown PyArg_ParseTupleAndKeywords"));
  EXPECT_THAT(writes(facts, "late"), ElementsAre("9 by unknown convert"));
  EXPECT_THAT(writes(facts, "old"), IsEmpty());
  EXPECT_THAT(writes(facts, "either"), ElementsAre("10 passed unknown PyArg_ParseTuple"));
  EXPECT_THAT(writes(facts, "built"), IsEmpty());
}

TEST(Writes, TheCLibraryIsKnownByName) {
  const auto facts = facts_of(R"(#include <pthread.h>
static struct { pthread_mutex_t lock; int n; } guarded; static char *end, *from; static int own;
static void strtol_like(int *p) { *p = 1; }
void f(void) {
  pthread_mutex_lock(&guarded.lock);
  pthread_mutex_unlock(&guarded.lock);
  strtol("1", &end, 10);
  free(from);
  strtol_like(&own);
}
)");
  EXPECT_THAT(writes(facts, "guarded"), IsEmpty());
  EXPECT_THAT(writes(facts, "end"), ElementsAre("8 by unknown strtol"));
  EXPECT_THAT(writes(facts, "from"), IsEmpty());
  EXPECT_THAT(writes(facts, "own"), ElementsAre("10 by unknown strtol_like"));
}

TEST(Writes, WhatAPointerPointsToIsNotThePointer) {
  const auto facts = facts_of(R"(static char *scratch, storage[8], *fixed = storage;
void f(int i) {
  scratch[i] = 1;
  ++*scratch;
  fixed[i] = 2;
  scratch = malloc(4);
}
)");
  EXPECT_THAT(writes(facts, "scratch"),
              ElementsAre("4 pointee constant", "5 pointee unknown", "7 assignment call malloc"));
  EXPECT_THAT(writes(facts, "fixed"), ElementsAre("6 pointee constant"));
  EXPECT_EQ(variable(facts, "fixed").points_to, "storage");
  EXPECT_THAT(writes(facts, "storage"), ElementsAre("6 member constant"));
}

TEST(Writes, EmptiesAndSmallNumbersAreImmortal) {
  const auto facts = facts_of(R"(static PyObject *a, *b, *c, *d, *e;
void f(int n) {
  a = PyTuple_New(0);
  b = PyLong_FromLong(-5);
  c = PyLong_FromLong(1 << 20);
  d = PyUnicode_InternFromString("x");
  e = PyTuple_New(n);
}
)");
  EXPECT_THAT(writes(facts, "a"), ElementsAre("4 assignment immortal"));
  EXPECT_THAT(writes(facts, "b"), ElementsAre("5 assignment immortal"));
  EXPECT_THAT(writes(facts, "c"), ElementsAre("6 assignment call PyLong_FromLong"));
  EXPECT_THAT(writes(facts, "d"), ElementsAre("7 assignment immortal"));
  EXPECT_THAT(writes(facts, "e"), ElementsAre("8 assignment call PyTuple_New"));
}

TEST(Writes, AnAliasEndsWhereTheLocalGetsAnotherValue) {
  const auto facts = facts_of(R"(struct s { int n; struct s *next; }; static struct s a, b, c;
void f(int i, struct s *other) {
  struct s *p = &a, *q = &b, *r = &c;
  if (i) {
    p = other;
    p->n = 1;
  }
  p->n = 2;
  q = other;
  q->n = 3;
  q = &b;
  q->n = 4;
  if (i) r = other;
  r->n = 5;
}
)");
  EXPECT_THAT(writes(facts, "a"), ElementsAre("9 member constant"));
  EXPECT_THAT(writes(facts, "b"), ElementsAre("13 member constant"));
  EXPECT_THAT(writes(facts, "c"), ElementsAre("15 member constant"));
}

TEST(Writes, UsesThatAreNoWrites) {
  const auto facts = facts_of(R"(static PyObject *g; static char key; static int read_only = 1; static PyTypeObject T;
static char *kwlist[] = {"a", NULL}; static char message[] = "x"; static const void *kept; static int handed_out;
int by_const(const int *p);
int *f(PyObject *m, PyObject *args, PyObject *kw) {
  int x;
  PyModule_AddObject(m, "x", g);
  Py_INCREF(g);
  PyArg_ParseTupleAndKeywords(args, kw, "i", kwlist, &x);
  PyErr_Format(PyExc_TypeError, "%s", message);
  PyModule_AddObject(m, "T", (PyObject *)&T);
  by_const(&read_only);
  kept = &key;
  x = sizeof(read_only);
  return &handed_out;
}
)");
  EXPECT_THAT(writes(facts, "g"), IsEmpty());
  EXPECT_TRUE(variable(facts, "g").is_read);
  EXPECT_THAT(writes(facts, "kwlist"), IsEmpty());
  EXPECT_THAT(writes(facts, "message"), IsEmpty());
  EXPECT_THAT(writes(facts, "T"), IsEmpty());
  EXPECT_TRUE(variable(facts, "T").address_taken);
  EXPECT_THAT(writes(facts, "read_only"), IsEmpty());
  EXPECT_TRUE(variable(facts, "read_only").is_read);
  EXPECT_THAT(writes(facts, "key"), IsEmpty());
  EXPECT_TRUE(variable(facts, "handed_out").address_taken);
}

TEST(Writes, SizeofIsNoUse) {
  const auto facts = facts_of("static int n; unsigned long f(void) { __typeof__(n) m = 1; return sizeof(n) + m; }\n");
  EXPECT_FALSE(variable(facts, "n").is_read);
}

TEST(Writes, StoresThroughPastedNamesAreSeen) {
  const auto facts = facts_of(R"(static PyObject *py_one;
#define INTERN(S) py_##S = PyUnicode_InternFromString(#S)
void f(void) {
  INTERN(one);
}
)");
  EXPECT_THAT(writes(facts, "py_one"), ElementsAre("5 assignment call PyUnicode_InternFromString"));
}

/// Cython's temporaries hold one thing after another.
TEST(Writes, ALocalHoldsWhatItGotLastOnTheWay) {
  const auto facts = facts_of(R"(static PyObject *cache, *either, *deep;
int f(int n) {
  PyObject *t;
  t = PyErr_NewException("m.e", NULL, NULL);
  if (t == NULL) goto done;
  t = PySet_New(NULL);
  cache = t;
done:
  either = t;
  t = PyDict_New();
  if (n) t = PyList_New(0);
  deep = t;
  return 0;
}
)");
  EXPECT_EQ(variable(facts, "cache").writes[0].callee, "PySet_New");
  EXPECT_EQ(variable(facts, "either").writes[0].callee, "PyErr_NewException");
  EXPECT_EQ(variable(facts, "deep").writes[0].callee, "PyDict_New");
}

}  // namespace
}  // namespace isoaudit::tests
