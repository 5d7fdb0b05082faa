// Under which lock a store is made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/code/compile_matrix.h"

namespace isoaudit::analyzer {
namespace {

using tests::writes_of;

class Guards : public testing::Test {
 protected:
  void expect(const std::string& source, const std::string& guard, bool cxx = false) {
    matrix.each(
        "KEPT int g; int get(void) { return g; }\n" + source,
        [&](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
          const std::vector<model::CodeWrite> writes = writes_of(facts, "g");
          ASSERT_FALSE(writes.empty());
          for (const model::CodeWrite& write : writes) EXPECT_EQ(write.guard, guard);
        },
        cxx);
  }
  /// The lock is held at the write; before it in the file stands a way that a call of `last` ends.
  void expect_held_behind(const std::string& last, const std::string& more) {
    expect("KEPT long m[8];\n#ifdef __x86_64__\nvoid set(int); " + more + R"(
__asm__(".text\n .globl set\n .type set, @function\n"
        "set: pushq %rbx\n movl %edi, %ebx\n testl %ebx, %ebx\n js 1f\n"
        "leaq m(%rip), %rdi\n call pthread_mutex_lock@PLT\n cmpl $7, %ebx\n je 3f\n"
        "2: movl %ebx, g(%rip)\n leaq m(%rip), %rdi\n call pthread_mutex_unlock@PLT\n popq %rbx\n ret\n"
        "1: call )" +
               last + R"(\n"
        "3: movl $8, %ebx\n jmp 2b\n .size set, .-set\n");
#else
void set(int c) { if (c < 0) abort(); pthread_mutex_lock(m); g = c == 7 ? 8 : c; pthread_mutex_unlock(m); }
#endif
)",
           "pthread_mutex_lock");
  }
  tests::CompileMatrix matrix;
};

TEST_F(Guards, AMutexThatIsHeld) {
  expect("static PyMutex m; void set(int c) { PyMutex_Lock(&m); if (decide(c)) g = 7; PyMutex_Unlock(&m); }",
         "PyMutex_Lock");
  expect("static long m[8]; void set(int c) { pthread_mutex_lock(m); g += c; pthread_mutex_unlock(m); }",
         "pthread_mutex_lock");
}

/// A table of jumps leads on with what is known at the jump.
TEST_F(Guards, AMutexThatIsHeldAroundASwitch) {
  matrix.each(
      "KEPT int g; int get(void) { return g; } static long m[8];\n"
      "void set(int c) { pthread_mutex_lock(m); switch (c) { case 0: use(m); g = c; break; case 1: use(&c); break;\n"
      "  case 2: use((void *)7); g = 8; use(0); break; case 3: use((void *)3); g = 3; case 4: use((void *)4); break;\n"
      "  case 5: decide(c); case 6: decide(9); g = 4; } pthread_mutex_unlock(m); }",
      [&](const model::CodeFacts& facts, const tests::CompileMatrix::Way& way) {
        const std::vector<model::CodeWrite> writes = writes_of(facts, "g");
        ASSERT_FALSE(writes.empty());
        if (!way.optimised) return;
        for (const model::CodeWrite& write : writes) EXPECT_EQ(write.guard, "pthread_mutex_lock");
      });
}

/// <mutex> as libstdc++ has it, each function with a body of its own, as without optimisation; `INLINE` ones are not.
constexpr const char* mutex_header = R"(
#ifndef INLINE
#define INLINE OWN
#endif
namespace std {
class mutex {
  long m[5];
 public:
  INLINE void lock() { pthread_mutex_lock(this); }
  OWN void unlock() { pthread_mutex_unlock(this); }
};
struct adopt_lock_t {};
struct defer_lock_t {};
template <class M> class lock_guard {
  M& m;
 public:
  INLINE explicit lock_guard(M& x) : m(x) { m.lock(); }
  INLINE lock_guard(M& x, adopt_lock_t) : m(x) {}
  OWN ~lock_guard() { m.unlock(); }
};
template <class M> class unique_lock {
  M* m; bool owns;
 public:
  INLINE explicit unique_lock(M& x) : m(&x), owns(true) { m->lock(); }
  OWN unique_lock(M& x, defer_lock_t) : m(&x), owns(false) {}
  OWN void unlock() { m->unlock(); owns = false; }
  OWN ~unique_lock() { if (owns) m->unlock(); }
};
}
static std::mutex m;
struct object { long a; std::mutex m; };
)";

/// Neither the lock's own function nor the guard's is a function of another module then.
TEST_F(Guards, ALockWhoseFunctionsTheFileHas) {
  const std::string header = mutex_header;
  expect(header + "void set(int c) { m.lock(); g = decide(c); m.unlock(); }", "mutex::lock", true);
  expect(header + "void set(int c) { std::lock_guard<std::mutex> l(m); g = decide(c); }", "std::lock_guard", true);
  expect(header + "void set(int c) { std::unique_lock<std::mutex> l(m); g = decide(c); }", "std::unique_lock", true);
  expect(header + "void set(int c) { m.lock(); std::lock_guard<std::mutex> l(m, std::adopt_lock_t()); g = decide(c); }",
         "mutex::lock", true);
}

TEST_F(Guards, AGuardThatHasGone) {
  const std::string header = mutex_header;
  expect(header + "void set(int c) { { std::lock_guard<std::mutex> l(m); c = decide(c); } g = c; }", "", true);
  expect(header + "void set(int c) { std::unique_lock<std::mutex> l(m); c = decide(c); l.unlock(); g = c; }", "", true);
  expect(header +
             "void set(int c) { m.lock(); { std::lock_guard<std::mutex> l(m, std::adopt_lock_t()); c = decide(c); }\n"
             " g = c; }",
         "", true);
  // Taken in place, given back by a function.
  expect("#define INLINE __attribute__((always_inline)) inline\n" + header +
             "void set(int c) { { std::lock_guard<std::mutex> l(m); c = decide(c); } g = c; }",
         "", true);
}

TEST_F(Guards, AGuardThatHasNoLockOfAllInterpreters) {
  const std::string header = mutex_header;
  expect(header + "void set(object* o, int c) { std::lock_guard<std::mutex> l(o->m); g = decide(c); }", "", true);
  expect(header + "void set(int c) { std::unique_lock<std::mutex> l(m, std::defer_lock_t()); g = decide(c); }", "",
         true);
}

/// The guard keeps its address, and what writes there are the mutex's own functions.
TEST_F(Guards, TheLockOfAGuardIsNotWritten) {
  matrix.each(
      std::string(mutex_header) + "KEPT int g; void set(int c) { std::lock_guard<std::mutex> l(m); g = decide(c); }",
      [&](const model::CodeFacts& facts, const tests::CompileMatrix::Way&) {
        EXPECT_TRUE(writes_of(facts, "m").empty());
      },
      true);
}

TEST_F(Guards, AFunctionThatRunsOnce) {
  expect("static int once; OWN static void make(void) { g = 7; } void set(void) { pthread_once(&once, make); }",
         "pthread_once");
  // And what it alone calls.
  expect(
      "static int once; OWN static void inner(int n) { g += n; } OWN static void make(void) { inner(3); use(0); }\n"
      "void set(void) { pthread_once(&once, make); } void again(void) { pthread_once(&once, make); use(0); }",
      "pthread_once");
}

/// Two flags let it run twice at a time; so do an object's own flag and whoever calls it without one.
TEST_F(Guards, AFunctionThatMayRunTwice) {
  const std::string make = "static int once, other; OWN static void make(void) { g += 7; use(0); }\n";
  expect(make + "void set(void) { pthread_once(&once, make); } void again(void) { pthread_once(&other, make); }", "");
  expect(make + "void set(int *flag) { pthread_once(flag, make); }", "");
  expect(make + "void set(void) { pthread_once(&once, make); } void again(void) { make(); use(0); }", "");
  expect(make + "void set(void) { pthread_once(&once, make); use((void *)make); }", "");
  expect(make + "void set(void) { pthread_once(&once, make); } void give(void (**to)(void)) { *to = make; }", "");
  expect(make + "void set(void) { pthread_once(&once, make); } void (*handed)(void) = make;", "");
  expect(
      "static int once; OWN static void inner(int n) { g += n; use(0); } OWN static void make(void) { inner(3); "
      "use(0); }\n"
      "void set(void) { pthread_once(&once, make); } void direct(void) { inner(4); use(0); }",
      "");
}

/// What libstdc++'s std::call_once does where it is put into its caller.
TEST_F(Guards, AFunctionThatTheLibraryOfCxxRunsOnce) {
  const std::string library =
      "extern _Thread_local void *callable; extern _Thread_local void (*call)(void); extern void __once_proxy(void);\n"
      "static int once, other; OWN static void make(void) { g += 7; use(0); }\n";
  expect(library +
             "void set(int c) { callable = &c; call = make; if (pthread_once(&once, __once_proxy)) abort();\n"
             " call = 0; }",
         "std::call_once");
  expect(library +
             "OWN static void make_more(void) { g += 8; use(0); }\n"
             "void set(int c) { call = make; pthread_once(&once, __once_proxy);\n"
             " call = make_more; pthread_once(&other, __once_proxy); call = 0; }",
         "std::call_once");
  expect(library + "void set(int *flag) { call = make; pthread_once(flag, __once_proxy); call = 0; }", "");
  expect(library +
             "void set(void) { call = make; pthread_once(&once, __once_proxy); call = 0; }\n"
             "void again(void) { call = make; pthread_once(&other, __once_proxy); call = 0; }",
         "");
  expect(library +
             "void set(void) { call = make; pthread_once(&once, __once_proxy);\n"
             " pthread_once(&other, __once_proxy); call = 0; }",
         "");
}

/// Another interpreter's object has another lock.
TEST_F(Guards, ALockThatNotEveryInterpreterMeets) {
  expect("void set(PyMutex *m) { PyMutex_Lock(m); g += 3; PyMutex_Unlock(m); }", "");
  expect(
      "struct object { long a; long m[8]; };\n"
      "void set(struct object *self) { pthread_mutex_lock(self->m); g += 3; pthread_mutex_unlock(self->m); }",
      "");
  expect(
      "struct object { long a; void *l; };\n"
      "void set(struct object *self) { PyThread_acquire_lock(self->l, 1); g += 3; PyThread_release_lock(self->l); }",
      "");
  expect(
      "struct object { long a; void *l; };\n"
      "void set(struct object *self) { if (PyThread_acquire_lock(self->l, 0)) { g += 3; "
      "PyThread_release_lock(self->l); } }",
      "");
  expect(
      "void set(unsigned char *m) { unsigned char zero = 0;\n"
      "  if (!__atomic_compare_exchange_n(m, &zero, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) "
      "PyMutex_Lock((PyMutex*)m);\n"
      "  use(0); g += 3; PyMutex_Unlock((PyMutex*)m); }",
      "");
  expect(
      "static void *l; void make(void *p) { l = p; }\n"
      "void set(int c) { PyThread_acquire_lock(l, 1); g += c; PyThread_release_lock(l); }",
      "PyThread_acquire_lock");
}

TEST_F(Guards, AMutexThatWasReleased) {
  expect("static PyMutex m; void set(int c) { PyMutex_Lock(&m); use(0); PyMutex_Unlock(&m); g = c; }", "");
}

/// A function of the file gives it back, or one that this calls.
TEST_F(Guards, AMutexThatAnotherFunctionReleases) {
  const std::string leave = "static long m[8]; OWN static void leave(int c) { pthread_mutex_unlock(m); use(0); }\n";
  expect(leave + "void set(int c) { pthread_mutex_lock(m); c = decide(c); leave(c); g = c; }", "");
  expect(leave +
             "OWN static void end(int c) { use(0); leave(c); use(0); }\n"
             "void set(int c) { pthread_mutex_lock(m); c = decide(c); end(c); g = c; }",
         "");
  expect(
      "static PyMutex m; OWN static void leave(int c) { PyMutex_Unlock(&m); use(0); }\n"
      "void set(int c) { PyMutex_Lock(&m); c = decide(c); leave(c); g = c; }",
      "");
}

/// What takes it and gives it back leaves it as it was; so does what has to do with other locks.
TEST_F(Guards, AMutexThatAnotherFunctionUses) {
  expect(
      "static long m[8], o[8]; OWN static void count(int c) { pthread_mutex_lock(o); use(0); pthread_mutex_unlock(o);\n"
      " use(0); } void set(int c) { pthread_mutex_lock(m); c = decide(c); count(c); g = c; pthread_mutex_unlock(m); }",
      "pthread_mutex_lock");
  expect(
      "static long m[8]; static PyMutex o; OWN static void leave(int c) { PyMutex_Unlock(&o); use(0); }\n"
      "void set(int c) { pthread_mutex_lock(m); c = decide(c); leave(c); g = c; pthread_mutex_unlock(m); }",
      "pthread_mutex_lock");
}

TEST_F(Guards, AMutexThatIsHeldOnOneWayOnly) {
  expect(
      "static PyMutex m; void set(int c) { if (decide(1)) PyMutex_Lock(&m); use(0); g = c; use(0);\n"
      "  if (c == 9) PyMutex_Unlock(&m); }",
      "");
}

/// What follows in the file is another way, on which the lock is held.
TEST_F(Guards, AWayThatEndsInAnotherModule) { expect_held_behind("abort@PLT", ""); }

/// A function of the file's own that only such a one ends.
TEST_F(Guards, AWayThatEndsInAFunctionWithoutAnEnd) {
  expect_held_behind("fail",
                     "OWN __attribute__((used, noreturn)) static void fail(void) { use(0); for (;;) abort(); }");
}

/// As Cython's does before it ends the process.
TEST_F(Guards, AWayThatEndsInAFunctionThatPutsATextTogetherFirst) {
  expect_held_behind("fail",
                     "extern int vsnprintf(char *, unsigned long, const char *, __builtin_va_list);\n"
                     "OWN __attribute__((used, noreturn)) static void fail(const char *format, ...) {\n"
                     "  char text[200]; __builtin_va_list all; __builtin_va_start(all, format);\n"
                     "  vsnprintf(text, sizeof text, format, all); __builtin_va_end(all); use(text);\n"
                     "  use(text + 1); use(text + 2); use(text + 3); use(text + 4); for (;;) abort(); }");
}

TEST_F(Guards, AnotherLocksReleaseDoesNotCount) {
  expect(
      "static PyMutex m; static long o[8];\n"
      "void set(int c) { PyMutex_Lock(&m); pthread_mutex_unlock(o); g = c; PyMutex_Unlock(&m); }",
      "PyMutex_Lock");
}

/// Its answer is not looked at: with WAIT_LOCK it returns when it has the lock.
TEST_F(Guards, ALockThatIsWaitedFor) {
  expect(
      "extern void *l; void set(int c) { PyThread_acquire_lock(l, 1); g += c; use(0); g = c; "
      "PyThread_release_lock(l); }",
      "PyThread_acquire_lock");
  expect("extern void *l; void set(int c) { PyThread_acquire_lock(l, 1); use(0); PyThread_release_lock(l); g = c; }",
         "");
}

TEST_F(Guards, ALockThatMayNotHaveBeenTaken) {
  expect("extern void *l; void set(int c) { if (PyThread_acquire_lock(l, 0)) { g = c; PyThread_release_lock(l); } }",
         "PyThread_acquire_lock");
  expect("extern void *l; void set(int c) { if (!PyThread_acquire_lock(l, 0)) { g = c; use(0); } }", "");
  expect("extern void *l; void set(int c) { PyThread_acquire_lock(l, 0); g = c; use(0); }", "");
}

/// Test the flag, store, set the flag: whoever comes meanwhile does the same.
TEST_F(Guards, AFlagAloneIsNone) {
  expect("static volatile int once; void set(int c) { if (!once) { g = c; once = 1; } }", "");
}

/// As CPython's header inlines it: compare and exchange first, the call when that fails.
TEST_F(Guards, AnInlinedMutex) {
  matrix.each(
      "KEPT int g; int get(void) { return g; }\n"
      "static inline void lock(PyMutex *m) { unsigned char zero = 0;\n"
      "  if (!__atomic_compare_exchange_n(&m->bits, &zero, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) PyMutex_Lock(m); "
      "}\n"
      "static inline void unlock(PyMutex *m) { unsigned char one = 1;\n"
      "  if (!__atomic_compare_exchange_n(&m->bits, &one, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) "
      "PyMutex_Unlock(m); "
      "}\n"
      "static PyMutex m; KEPT int after; void set(int c) { lock(&m); use(0); g = c; unlock(&m); use(0); after = c; }",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way& way) {
        ASSERT_EQ(writes_of(facts, "after").size(), 1u);
        EXPECT_EQ(writes_of(facts, "after")[0].guard, "");
        if (!way.optimised) return;  // the answer is made a truth value first: the write stays unguarded
        for (const model::CodeWrite& write : writes_of(facts, "g")) EXPECT_EQ(write.guard, "PyMutex_Lock");
      });
}

/// The same with the one instruction that newer AArch64 machines have for it.
TEST_F(Guards, AnInlinedMutexInOneInstruction) {
  for (const tests::CompileMatrix::Way& way : tests::CompileMatrix::ways()) {
    if (!way.arm || !way.optimised) continue;
    const model::CodeFacts facts = matrix.read(
        "KEPT int g; int get(void) { return g; } static PyMutex m; KEPT int after;\n"
        "void set(int c) { unsigned char zero = 0, one = 1;\n"
        "  if (!__atomic_compare_exchange_n(&m.bits, &zero, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) "
        "PyMutex_Lock(&m);\n"
        "  g = c; if (!__atomic_compare_exchange_n(&m.bits, &one, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))\n"
        "    PyMutex_Unlock(&m);\n"
        "  use(0); after = c; }",
        way, "-march=armv8.1-a");
    ASSERT_EQ(writes_of(facts, "after").size(), 1u) << way.name;
    EXPECT_EQ(writes_of(facts, "after")[0].guard, "") << way.name;
    ASSERT_EQ(writes_of(facts, "g").size(), 1u) << way.name;
    EXPECT_EQ(writes_of(facts, "g")[0].guard, "PyMutex_Lock") << way.name;
  }
}

/// And with a call of the function that stands for that instruction, where any machine may come.
TEST_F(Guards, AnInlinedMutexWhoseInstructionIsAFunction) {
  const std::string functions =
      "KEPT int g; int get(void) { return g; } static PyMutex m; KEPT int after;\n"
      "#define CAS1(name) unsigned name(unsigned char expected, unsigned char stores, void *place)\n";
  const std::string use_them =
      "void set(int c) { if (__aarch64_cas1_acq(0, 1, &m) != 0) PyMutex_Lock(&m);\n"
      "  g = c; if (__aarch64_cas1_rel(1, 0, &m) != 1) PyMutex_Unlock(&m); use(0); after = c; }\n"
      "void early(int c) { if (__aarch64_cas1_acq(0, 1, &m) != 0) { PyMutex_Lock(&m); use(&m); g = c + 1;\n"
      "  PyMutex_Unlock(&m); return; } use(0); g = c; if (__aarch64_cas1_rel(1, 0, &m) != 1) PyMutex_Unlock(&m); }";
  // Another module has them, or the file itself.
  for (const std::string& have :
       {std::string("CAS1(__aarch64_cas1_acq); CAS1(__aarch64_cas1_rel);\n"),
        std::string("OWN CAS1(__aarch64_cas1_acq) { use(place); return decide(expected + 2 * stores); }\n"
                    "OWN CAS1(__aarch64_cas1_rel) { use(place); return decide(stores + 2 * expected); }\n")}) {
    for (const tests::CompileMatrix::Way& way : tests::CompileMatrix::ways()) {
      if (!way.arm || !way.optimised) continue;
      const model::CodeFacts facts = matrix.read(std::string(functions).append(have).append(use_them), way);
      ASSERT_EQ(writes_of(facts, "after").size(), 1u) << way.name;
      EXPECT_EQ(writes_of(facts, "after")[0].guard, "") << way.name;
      ASSERT_FALSE(writes_of(facts, "g").empty()) << way.name;
      for (const model::CodeWrite& write : writes_of(facts, "g")) EXPECT_EQ(write.guard, "PyMutex_Lock") << way.name;
    }
  }
}

/// The fast way does its work before the slow one comes back: what the byte is, the slow one tells.
TEST_F(Guards, AnInlinedMutexWhoseFastWayStaysAlone) {
  matrix.each(
      "KEPT int g; int get(void) { return g; }\n"
      "static PyMutex m; KEPT int after; void set(int c) { unsigned char zero = 0, one = 1;\n"
      "  if (!__atomic_compare_exchange_n(&m.bits, &zero, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {\n"
      "    PyMutex_Lock(&m); use(&m); g = c + 1; PyMutex_Unlock(&m); return; }\n"
      "  use(0); g = c; if (!__atomic_compare_exchange_n(&m.bits, &one, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))\n"
      "    PyMutex_Unlock(&m);\n"
      "  use(0); after = c; }",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way& way) {
        ASSERT_EQ(writes_of(facts, "after").size(), 1u);
        EXPECT_EQ(writes_of(facts, "after")[0].guard, "");
        if (!way.optimised) return;
        ASSERT_FALSE(writes_of(facts, "g").empty());
        for (const model::CodeWrite& write : writes_of(facts, "g")) EXPECT_EQ(write.guard, "PyMutex_Lock");
      });
}

/// A byte that is taken by compare and exchange, while the losers go on: no lock.
TEST_F(Guards, ACompareAndExchangeThatNobodyWaitsFor) {
  expect(
      "static unsigned char once; void set(int c) { unsigned char zero = 0;\n"
      "  if (__atomic_compare_exchange_n(&once, &zero, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) g = c; use(0); }",
      "");
}

/// An object may be stored by exchange; a number that a function of the file changes in one piece is none.
TEST_F(Guards, ANumberThatACalleeChangesInOnePiece) {
  matrix.each(
      "KEPT int count; KEPT unsigned char flag; KEPT void *object;\n"
      "OWN static void add(int *p) { __atomic_fetch_add(p, 3, __ATOMIC_SEQ_CST); }\n"
      "OWN static void set(unsigned char *p) { __atomic_exchange_n(p, 1, __ATOMIC_SEQ_CST); }\n"
      "OWN static void swap(void **p, void *v) { __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); }\n"
      "void f(void *v) { add(&count); set(&flag); swap(&object, v); }\n",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way& way) {
        for (const char* name : {"count", "flag", "object"}) {
          const std::vector<model::CodeWrite> writes = writes_of(facts, name);
          ASSERT_EQ(writes.size(), 1U) << name;
          // AArch64 without LSE makes a loop of it: two instructions. Clang may put a constant argument into the
          // callee.
          if (way.arm || writes[0].passed_to.empty()) continue;
          EXPECT_TRUE(writes[0].atomic) << name;
          EXPECT_EQ(writes[0].value == model::StoredValue::changed, std::string(name) != "object") << name;
        }
      });
}

TEST_F(Guards, AStaticOfAFunctionInCxx) {
  matrix.each(
      "extern int compute(); int f() { static int value = compute(); return value; }",
      [](const model::CodeFacts& facts, const tests::CompileMatrix::Way& way) {
        std::vector<std::string> guards;
        for (const model::CodeWrite& write : facts.writes) {
          if (write.name.ends_with("value")) guards.push_back(write.guard);
        }
        ASSERT_EQ(guards.size(), 1u);
        // GCC without optimisation makes a truth value of the answer first: that is not followed.
        EXPECT_EQ(guards[0], way.optimised || way.clang ? "__cxa_guard_acquire" : "");
      },
      true);
}

}  // namespace
}  // namespace isoaudit::analyzer
