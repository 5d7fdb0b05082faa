// Locks around a write, as far as its own function shows.
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

}  // namespace
}  // namespace isoaudit::tests
