// What functions of the program do with an address that they get. `#include <Python.h>` is line 1.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Summaries, ACalleeThatOnlyReadsWritesNothing) {
  const auto facts = facts_of(R"(static int table[4] = {1, 2, 3, 4};
static int sum(int *t, int n) { int s = 0; for (int i = 0; i < n; i++) s += t[i]; return s; }
static int twice(int *t) { return 2 * sum(t, 4); }
int f(void) { return twice(table); }
)");
  EXPECT_THAT(writes(facts, "table"), IsEmpty());
  EXPECT_TRUE(variable(facts, "table").is_read);
  EXPECT_FALSE(variable(facts, "table").address_taken);
}

TEST(Summaries, AWriteIsFoundThroughSeveralCallsAndLocals) {
  const auto facts = facts_of(R"(struct point { int x, y; };
static struct point p; static int n;
static void store(int *to) { int *q = to; *q++ = 1; }
static void move(struct point *it) { store(&it->y); }
void f(void) { move(&p); store(&n); }
)");
  EXPECT_THAT(writes(facts, "p"), ElementsAre("6 by unknown move"));
  EXPECT_THAT(writes(facts, "n"), ElementsAre("6 by unknown store"));
}

TEST(Summaries, RecursionEnds) {
  const auto facts = facts_of(R"(static int quiet, loud;
static void odd(int *v, int n);
static void even(int *v, int n) { if (n) odd(v, n - 1); }
static void odd(int *v, int n) { if (n) even(v, n - 1); }
static void ping(int *v, int n);
static void pong(int *v, int n) { if (n) ping(v, n - 1); }
static void ping(int *v, int n) { *v = n; if (n) pong(v, n - 1); }
void f(void) { even(&quiet, 3); pong(&loud, 3); }
)");
  EXPECT_THAT(writes(facts, "quiet"), IsEmpty());
  EXPECT_THAT(writes(facts, "loud"), ElementsAre("9 by unknown pong"));
}

TEST(Summaries, ACalleeThatKeepsTheAddressIsNotAWriter) {
  const auto facts = facts_of(R"(static int kept, returned; static int *keeper;
static void keep(int *v) { keeper = v; }
static int *pass(int *v) { return v; }
int *f(void) { keep(&kept); return pass(&returned); }
)");
  EXPECT_THAT(writes(facts, "kept"), IsEmpty());
  EXPECT_TRUE(variable(facts, "kept").address_taken);
  EXPECT_THAT(writes(facts, "returned"), IsEmpty());
  EXPECT_TRUE(variable(facts, "returned").address_taken);
}

TEST(Summaries, WhoseBodyIsNotKnownMayWrite) {
  const auto facts = facts_of(R"(extern void elsewhere(int *v); static int a, b, c, d;
static void on(int *v) { elsewhere(v); }
static void each(int *v, void (*visit)(int *)) { visit(v); }
static void any(int first, ...) { (void)first; }
void f(void (*visit)(int *)) { elsewhere(&a); on(&b); each(&c, visit); any(1, &d); }
)");
  EXPECT_THAT(writes(facts, "a"), ElementsAre("6 passed unknown elsewhere"));
  EXPECT_THAT(writes(facts, "b"), ElementsAre("6 passed unknown on"));
  EXPECT_THAT(writes(facts, "c"), ElementsAre("6 passed unknown each"));
  EXPECT_THAT(writes(facts, "d"), ElementsAre("6 passed unknown any"));
}

TEST(Summaries, OtherUnitsAreAsked) {
  ScratchProject project;
  project.write("shared.h", "int total(int *); void fill(int *);\n");
  project.unit("a.c",
               "#include \"shared.h\"\nstatic int one[3], two[3];\nint a(void) { fill(two); return total(one); }\n");
  project.unit("b.c",
               "#include \"shared.h\"\nstatic void put(int *v) { v[0] = 1; }\n"
               "int total(int *v) { return v[0]; }\nvoid fill(int *v) { put(v); }\n");
  // A function of the same name that is another unit's own.
  project.unit("c.c", "static void put(int *v) { (void)v; }\nstatic int three; void c(void) { put(&three); }\n");
  const auto facts = project.scan().facts;
  EXPECT_THAT(writes(facts, "one"), IsEmpty());
  EXPECT_THAT(writes(facts, "two"), ElementsAre("3 by unknown fill"));
  EXPECT_THAT(writes(facts, "three"), IsEmpty());
}

TEST(Summaries, ALockInTheCalleeGuards) {
  const auto facts = facts_of(R"(static PyThread_type_lock lock; static int guarded, half;
static void locked(int *v) { PyThread_acquire_lock(lock, 1); ++*v; PyThread_release_lock(lock); }
static void sometimes(int *v) { PyThread_acquire_lock(lock, 1); ++*v; PyThread_release_lock(lock); *v = 0; }
void f(void) { locked(&guarded); sometimes(&half); }
)");
  ASSERT_THAT(writes(facts, "guarded"), ElementsAre("5 by unknown locked"));
  EXPECT_EQ(variable(facts, "guarded").writes[0].guard, "PyThread_acquire_lock");
  ASSERT_THAT(writes(facts, "half"), ElementsAre("5 by unknown sometimes"));
  EXPECT_EQ(variable(facts, "half").writes[0].guard, "");
}

TEST(Summaries, CxxReferencesAndConstructors) {
  const auto facts = facts_of(R"(static int seen, set, held, made;
static int look(int &v) { return v; }
static void put(int &v) { v = 1; }
struct Reader { explicit Reader(int &v) : copy(v) {} int copy; };
struct Writer { explicit Writer(int &v) { v = 2; } };
void f() { look(seen); put(set); Reader r(held); Writer w(made); }
template <typename T> void any(T &v) { v.poke(); }
struct Poked { int n; void poke() { n = 1; } };
static Poked poked;
void g() { any(poked); }
)",
                              "demo.cpp");
  EXPECT_THAT(writes(facts, "seen"), IsEmpty());
  EXPECT_THAT(writes(facts, "set"), ElementsAre("7 by unknown put"));
  EXPECT_THAT(writes(facts, "held"), IsEmpty());
  EXPECT_THAT(writes(facts, "made"), ElementsAre("7 by unknown Writer"));
  // What a template does depends on what it is made for.
  EXPECT_THAT(writes(facts, "poked"), ElementsAre("11 passed unknown any"));
}

TEST(Summaries, AVirtualMethodMayBeAnother) {
  const auto facts = facts_of(R"(struct Base { virtual ~Base() = default; virtual void visit(int &) {} };
struct Writer : Base { void visit(int &v) override { v = 1; } };
static int n;
void f(Base &b) { b.visit(n); }
)",
                              "demo.cpp");
  EXPECT_THAT(writes(facts, "n"), ElementsAre("5 passed unknown Base::visit"));
}

}  // namespace
}  // namespace isoaudit::tests
