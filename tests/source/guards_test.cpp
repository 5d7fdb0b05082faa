// Locks around a write, as far as its own function shows.
#include <fmt/format.h>

#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> guards(const model::SourceFacts& facts, std::string_view name) {
  std::vector<std::string> all;
  for (const model::Write& write : variable(facts, name).writes) all.push_back(write.guard);
  return all;
}

TEST(Guards, LocksHoldUntilTheirUnlock) {
  const auto facts = facts_of(R"(#include <pthread.h>
static pthread_mutex_t m; static PyThread_type_lock lock; static int a, b, c;
void f(int x) {
  a = 1;
  pthread_mutex_lock(&m);
  if (x) { a = 2; }
  pthread_mutex_unlock(&m);
  a = 3;
  if (PyThread_acquire_lock(lock, 1)) { b = 1; }
  b = 2;
}
void g(int x) { if (x) pthread_mutex_lock(&m); c = 1; }
)");
  EXPECT_THAT(guards(facts, "a"), ElementsAre("", "pthread_mutex_lock", ""));
  EXPECT_THAT(guards(facts, "b"), ElementsAre("PyThread_acquire_lock", ""));
  EXPECT_THAT(guards(facts, "c"), ElementsAre(""));
}

/// What an inner block gives back is not held there, whoever took it.
TEST(Guards, AnUnlockInABranchOrALoopCounts) {
  const struct {
    const char* body;
    const char* guard;
  } rows[] = {
      {"LOCK(&m); if (x) { UNLOCK(&m); c = 1; return; } UNLOCK(&m);", ""},
      {"LOCK(&m); if (x) { UNLOCK(&m); return; } c = 1; UNLOCK(&m);", "pthread_mutex_lock"},
      {"LOCK(&m); if (x) UNLOCK(&m); c = 1;", ""},
      {"LOCK(&m); if (x) { y = 2; } else { UNLOCK(&m); } c = 1;", ""},
      {"LOCK(&m); if (x) { LOCK(&n); UNLOCK(&n); } c = 1;", "pthread_mutex_lock"},
      {"LOCK(&m); { LOCK(&n); UNLOCK(&n); c = 1; }", "pthread_mutex_lock"},
      {"LOCK(&m); LOCK(&n); UNLOCK(&n); c = 1; UNLOCK(&m);", "pthread_mutex_lock"},
      {"LOCK(&m); { UNLOCK(&m); } c = 1;", ""},
      {"LOCK(&m); for (;;) { c = 1; UNLOCK(&m); y = 2; LOCK(&m); }", "pthread_mutex_lock"},
      {"LOCK(&m); for (;;) { UNLOCK(&m); c = 1; LOCK(&m); }", ""},
      {"LOCK(&m); while (x--) { UNLOCK(&m); y = 2; } c = 1;", ""},
      {"LOCK(&m); for (;;) { if (x) { UNLOCK(&m); break; } } c = 1;", ""},
      {"LOCK(&m); for (;;) { if (x) { UNLOCK(&m); return; } c = 1; } UNLOCK(&m);", "pthread_mutex_lock"},
      {"for (;;) { LOCK(&m); if (x) { UNLOCK(&m); continue; } c = 1; UNLOCK(&m); }", "pthread_mutex_lock"},
      {"LOCK(&m); switch (x) { case 1: UNLOCK(&m); break; } c = 1;", ""},
      {"LOCK(&m); switch (x) { case 1: c = 1; break; } UNLOCK(&m);", "pthread_mutex_lock"},
      {"LOCK(&m); switch (x) { case 1: UNLOCK(&m); return; } c = 1; UNLOCK(&m);", "pthread_mutex_lock"},
      {"LOCK(&m); do { UNLOCK(&m); } while (0); c = 1;", ""},
      {"LOCK(&m); do { if (x) { UNLOCK(&m); break; } } while (0); c = 1;", ""},
      {"for (;;) { LOCK(&m); if (x) { UNLOCK(&m); break; } do { y = 2; } while (0); c = 1; UNLOCK(&m); }",
       "pthread_mutex_lock"},
      {"LOCK(&m); for (;;) { LOCK(&n); if (x) { UNLOCK(&n); break; } UNLOCK(&n); } c = 1;", "pthread_mutex_lock"},
      {"LOCK(&m); if (x) { UNLOCK(&m); goto end; } c = 1; UNLOCK(&m); end: y = 1;", "pthread_mutex_lock"},
      {"LOCK(&m); if (x) { UNLOCK(&m); goto end; } y = 2; end: c = 1;", ""},
      {"LOCK(&m); if (UNLOCK(&m)) y = 2; c = 1;", ""},
  };
  std::string source =
      "#include <pthread.h>\n#define LOCK pthread_mutex_lock\n#define UNLOCK pthread_mutex_unlock\n"
      "static pthread_mutex_t m, n; static int y;\nint get(void) { return y; }\n";
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    source +=
        fmt::format("static int c_{0};\n#define c c_{0}\nvoid f_{0}(int x) {{ {1} }}\n#undef c\n", i, rows[i].body);
  }
  const auto facts = facts_of(source);
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_THAT(guards(facts, fmt::format("c_{}", i)), ElementsAre(rows[i].guard)) << rows[i].body;
  }
}

TEST(Guards, LibuvsLocksAreLocks) {
  const auto facts = facts_of(R"(#include <pthread.h>
typedef pthread_mutex_t uv_mutex_t; typedef pthread_once_t uv_once_t; typedef pthread_cond_t uv_cond_t;
void uv_mutex_lock(uv_mutex_t *); void uv_mutex_unlock(uv_mutex_t *);
void uv_once(uv_once_t *, void (*)(void)); void uv_cond_wait(uv_cond_t *, uv_mutex_t *);
static uv_mutex_t m; static uv_cond_t wake; static uv_once_t once; static int idle, made, after;
static void init(void) { made = 1; }
void worker(void) {
  uv_once(&once, init);
  uv_mutex_lock(&m);
  for (;;) {
    idle += 1;
    uv_cond_wait(&wake, &m);
    uv_mutex_unlock(&m);
    after = 1;
    uv_mutex_lock(&m);
  }
}
)");
  EXPECT_THAT(guards(facts, "made"), ElementsAre("uv_once"));
  EXPECT_THAT(guards(facts, "idle"), ElementsAre("uv_mutex_lock"));
  EXPECT_THAT(guards(facts, "after"), ElementsAre(""));
}

TEST(Guards, OnceFunctionsAndAtomics) {
  const auto facts = facts_of(R"(#include <pthread.h>
static pthread_once_t once; static int a, b, d; static _Atomic int c;
static void init(void) { a = 1; }
void f(void) {
  pthread_once(&once, init);
  __atomic_store_n(&b, 2, __ATOMIC_SEQ_CST);
  c = 3;
  __sync_fetch_and_add(&d, 1);
}
)");
  EXPECT_THAT(guards(facts, "a"), ElementsAre("pthread_once"));
  EXPECT_THAT(guards(facts, "b"), ElementsAre("atomic"));
  EXPECT_THAT(guards(facts, "c"), ElementsAre("_Atomic"));
  EXPECT_EQ(guards(facts, "d").size(), 1u);
  EXPECT_TRUE(guards(facts, "d").front().starts_with("__sync_"));
}

TEST(Guards, CxxLocksLiveInTheirBlock) {
  const auto facts = facts_of(R"(#include <mutex>
#include <atomic>
static std::mutex m; static std::once_flag flag; static int a, b; static std::atomic<int> c;
void f() {
  { std::lock_guard<std::mutex> hold(m); a = 1; }
  a = 2;
  std::call_once(flag, [] { b = 1; });
  c.store(1);
}
)",
                              "demo.cpp");
  EXPECT_THAT(guards(facts, "a"), ElementsAre("std::lock_guard", ""));
  EXPECT_THAT(guards(facts, "b"), ElementsAre("std::call_once"));
  EXPECT_THAT(guards(facts, "c"), ElementsAre("std::atomic"));
}

/// Another interpreter's object has another lock.
TEST(Guards, ALockThatNotEveryInterpreterMeetsIsNone) {
  const auto facts = facts_of(R"(#include <pthread.h>
struct object { int n; pthread_mutex_t m; PyThread_type_lock l; pthread_once_t once; };
static struct object one; static struct object *other; static _Thread_local pthread_mutex_t mine;
static pthread_mutex_t several[8];
static int own, parameter, local, member, pointed, of_thread, by_index, set_again, once_each, found;
static void init(void) { once_each = 1; }
static pthread_mutex_t *the_lock(void) { return &one.m; }
void f(struct object *self, int i) {
  pthread_mutex_lock(&self->m); own = i; pthread_mutex_unlock(&self->m);
  if (PyThread_acquire_lock(self->l, 1)) { parameter = i; PyThread_release_lock(self->l); }
  struct object *here = &one;
  pthread_mutex_lock(&here->m); local = i; pthread_mutex_unlock(&here->m);
  pthread_mutex_lock(&one.m); member = i; pthread_mutex_unlock(&one.m);
  pthread_mutex_lock(&other->m); pointed = i; pthread_mutex_unlock(&other->m);
  pthread_mutex_lock(&mine); of_thread = i; pthread_mutex_unlock(&mine);
  pthread_mutex_lock(&several[i]); by_index = i; pthread_mutex_unlock(&several[i]);
  struct object *there = &one;
  if (i) there = self;
  pthread_mutex_lock(&there->m); set_again = i; pthread_mutex_unlock(&there->m);
  pthread_mutex_lock(the_lock()); found = i; pthread_mutex_unlock(the_lock());
  pthread_once(&self->once, init);
}
)");
  const auto lock = ElementsAre("pthread_mutex_lock"), none = ElementsAre("");
  EXPECT_THAT(guards(facts, "own"), none);
  EXPECT_THAT(guards(facts, "parameter"), none);
  EXPECT_THAT(guards(facts, "local"), lock);
  EXPECT_THAT(guards(facts, "member"), lock);
  EXPECT_THAT(guards(facts, "pointed"), lock);
  EXPECT_THAT(guards(facts, "of_thread"), none);
  EXPECT_THAT(guards(facts, "by_index"), none);
  EXPECT_THAT(guards(facts, "set_again"), none);
  EXPECT_THAT(guards(facts, "found"), lock);
  EXPECT_THAT(guards(facts, "once_each"), none);
}

TEST(Guards, ACxxLockOfAnObjectIsNone) {
  const auto facts = facts_of(R"(#include <mutex>
static int own, found, deferred, given_back, held; static std::mutex m;
std::mutex& the_lock() { static std::mutex only; return only; }
struct object {
  std::mutex m;
  void f() { std::lock_guard<std::mutex> hold(m); own = 1; }
};
void f() { std::scoped_lock hold(the_lock()); found = 1; }
void g() { std::unique_lock<std::mutex> hold(m, std::defer_lock); deferred = 1; }
void h() { std::unique_lock<std::mutex> hold(m); held = 1; hold.unlock(); given_back = 1; }
void use(object& o) { o.f(); }
)",
                              "demo.cpp");
  EXPECT_THAT(guards(facts, "own"), ElementsAre(""));
  EXPECT_THAT(guards(facts, "found"), ElementsAre("std::scoped_lock"));
  EXPECT_THAT(guards(facts, "deferred"), ElementsAre(""));
  EXPECT_THAT(guards(facts, "held"), ElementsAre("std::unique_lock"));
  EXPECT_THAT(guards(facts, "given_back"), ElementsAre(""));
}

}  // namespace
}  // namespace isoaudit::tests
