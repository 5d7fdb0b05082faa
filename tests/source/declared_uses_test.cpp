// What is told of type specs, of callbacks that libraries get, and of the calls of CPython's API.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using model::SlotBody;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

const model::ApiUse& use(const model::SourceFacts& facts, std::string_view name) {
  const auto found = std::ranges::find(facts.api_uses, name, &model::ApiUse::name);
  if (found != facts.api_uses.end()) return *found;
  ADD_FAILURE() << "no use of " << name;
  static const model::ApiUse none;
  return none;
}

TEST(TypeSpecs, FlagsAndBodiesOfSlots) {
  const auto facts = facts_of(R"(int elsewhere(PyObject *self, visitproc visit, void *arg);
static int good(PyObject *self, visitproc visit, void *arg) { Py_VISIT(Py_TYPE(self)); return 0; }
static int bad(PyObject *self, visitproc visit, void *arg) { return 0; }
static void release(PyObject *self) { PyTypeObject *tp = Py_TYPE(self); tp->tp_free(self); Py_DECREF(tp); }
static void keep(PyObject *self) { Py_TYPE(self)->tp_free(self); }
static void base(PyObject *self) { PyList_Type.tp_dealloc(self); }
static PyType_Slot a_slots[] = {{Py_tp_traverse, good}, {Py_tp_dealloc, release}, {0, NULL}};
static PyType_Slot b_slots[] = {{Py_tp_traverse, bad}, {Py_tp_dealloc, keep}, {Py_tp_base, NULL}, {0, NULL}};
static PyType_Slot c_slots[] = {{Py_tp_traverse, elsewhere}, {Py_tp_dealloc, base}, {0, NULL}};
static PyType_Spec a = {"m.A", 16, 0, Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE, a_slots};
static PyType_Spec b = {.name = "m.B", .flags = Py_TPFLAGS_DEFAULT, .slots = b_slots};
static PyType_Spec c = {"m.C", 16, 0, Py_TPFLAGS_DEFAULT, c_slots}, late;
void *f(void) { late = c; return &a + (b.flags != 0); }
)");
  ASSERT_EQ(facts.type_specs.size(), 3U);
  const auto& [a, b, c] = std::tie(facts.type_specs[0], facts.type_specs[1], facts.type_specs[2]);
  EXPECT_EQ(a.type_name, "m.A");
  EXPECT_EQ(a.flags, (1UL << 14) | (1UL << 8));
  EXPECT_EQ(a.traverse, SlotBody::does);
  EXPECT_EQ(a.dealloc, SlotBody::does);
  EXPECT_EQ(b.type_name, "m.B");
  EXPECT_TRUE(b.has_base);
  EXPECT_EQ(b.traverse, SlotBody::does_not);
  EXPECT_EQ(b.dealloc, SlotBody::does_not);
  EXPECT_EQ(c.traverse, SlotBody::unknown);
  EXPECT_EQ(c.dealloc, SlotBody::does);
}

/// kiwisolver's classes declare their spec, each file defines one.
TEST(TypeSpecs, AStaticMemberIsOneSpec) {
  const auto facts = facts_of(R"(struct Term { static PyType_Spec spec; };
static PyType_Slot slots[] = {{0, nullptr}};
PyType_Spec Term::spec = {"m.Term", 16, 0, Py_TPFLAGS_DEFAULT, slots};
)",
                              "demo.cpp");
  ASSERT_EQ(facts.type_specs.size(), 1U);
  EXPECT_EQ(facts.type_specs[0].where.line, 4U);
}

TEST(HandedCallbacks, AFunctionTogetherWithAnObject) {
  const auto facts = facts_of(R"(#include <stdlib.h>
static void say(int status, void *text) { (void)status; (void)text; }
static int order(const void *a, const void *b) { return a < b; }
static void own(void (*f)(int, void *), void *o) { f(0, o); }
void f(PyObject *o, PyObject **all, void *plain) {
  on_exit(say, o);
  on_exit(say, plain);
  qsort(all, 2, sizeof *all, order);
  own(say, o);
}
)",
                              "demo.c", "-D_DEFAULT_SOURCE");
  ASSERT_EQ(facts.handed_callbacks.size(), 1U);
  EXPECT_EQ(facts.handed_callbacks[0].api, "on_exit");
  EXPECT_EQ(facts.handed_callbacks[0].callback, "say");
  EXPECT_EQ(facts.handed_callbacks[0].where.line, 7U);
}

/// Who made the handle ends it; a static one is the process's.
TEST(HandedCallbacks, OnAHandleThatNoStaticHolds) {
  ScratchProject project;
  project.write("lib/library.h",
                "typedef struct handle *handle_t;\nvoid listen(handle_t, void (*)(void *), void *);\n");
  project.unit("demo.c", R"(#include <Python.h>
#include <library.h>
struct holder { handle_t handle; PyObject *o; };
static handle_t shared, many[2];
static void call(void *o) { (void)o; }
void f(struct holder *self, handle_t own, PyObject *o) {
  listen(self->handle, call, self->o);
  listen(own, call, o);
  listen(shared, call, o);
  listen(many[1], call, o);
}
)",
               "-isystem lib");
  const auto facts = project.scan().facts;
  ASSERT_EQ(facts.handed_callbacks.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(facts.handed_callbacks[i].on_own_handle, i < 2) << i;
}

TEST(ApiUses, InAFunctionThatNobodyNamesAreNone) {
  const auto facts = facts_of(R"(static inline int alone(void) { return PyErr_CheckSignals(); }
static void called(void) { PyErr_Clear(); }
static void handed(void) { PyErr_Print(); }
static void at_load(void) __attribute__((constructor));
static void at_load(void) { PyEval_InitThreads(); }
void (*other)(void) = handed;
void f(void) { called(); }
)",
                              "demo.c", "-w");
  std::vector<std::string> names;
  for (const model::ApiUse& use : facts.api_uses) names.push_back(use.name);
  EXPECT_THAT(names, IsSupersetOf({"PyErr_Clear", "PyErr_Print", "PyEval_InitThreads"}));
  EXPECT_EQ(std::ranges::count(names, "PyErr_CheckSignals"), 0);
}

TEST(ApiUses, WhetherAPointerIsNull) {
  for (const char* file : {"demo.c", "demo.cpp"}) {
    const auto facts = facts_of(R"(int first(void) { return !PyInterpreterState_Head(); }
int second(void) { return PyInterpreterState_Main() == NULL; }
int third(void) { if (PyThreadState_Get()) return 1; return 0; }
PyInterpreterState *fourth(void) { return PyInterpreterState_Get(); }
PyInterpreterState *fifth(PyInterpreterState *i) { return PyInterpreterState_Next(i) == i ? i : NULL; }
)",
                                file);
    EXPECT_TRUE(use(facts, "PyInterpreterState_Head").only_asked_for_null) << file;
    EXPECT_TRUE(use(facts, "PyInterpreterState_Main").only_asked_for_null) << file;
    EXPECT_TRUE(use(facts, "PyThreadState_Get").only_asked_for_null) << file;
    EXPECT_FALSE(use(facts, "PyInterpreterState_Get").only_asked_for_null) << file;
    EXPECT_FALSE(use(facts, "PyInterpreterState_Next").only_asked_for_null) << file;
    EXPECT_TRUE(use(facts, "PyInterpreterState_Next").only_compared) << file;
    EXPECT_FALSE(use(facts, "PyInterpreterState_Main").only_compared) << file;
    EXPECT_FALSE(use(facts, "PyInterpreterState_Get").only_compared) << file;
  }
}

TEST(ApiUses, WhetherALocalIsOnlyCompared) {
  for (const char* file : {"demo.c", "demo.cpp"}) {
    const auto only_compared = [&](const std::string& body) {
      return use(facts_of("PyInterpreterState *kept; int f(PyInterpreterState *i) {\n" + body + "\n}\n", file),
                 "PyInterpreterState_Main")
          .only_compared;
    };
    const std::string local = "PyInterpreterState *m = PyInterpreterState_Main();\n";
    EXPECT_TRUE(only_compared(local + "return PyInterpreterState_Get() == m;")) << file;
    EXPECT_TRUE(only_compared(local + "if (m != NULL && m != i) return 1; return 0;")) << file;
    EXPECT_FALSE(only_compared(local + "return 0;")) << file;
    EXPECT_FALSE(only_compared(local + "return m != NULL;")) << file;
    EXPECT_FALSE(only_compared(local + "return PyInterpreterState_GetID(m) == 0;")) << file;
    EXPECT_FALSE(only_compared(local + "kept = m; return m == i;")) << file;
    EXPECT_FALSE(only_compared(local + "m = i; return m == i;")) << file;
    EXPECT_FALSE(only_compared("static PyInterpreterState *m; m = PyInterpreterState_Main(); return m == i;")) << file;
  }
}

TEST(ApiUses, WhenTheyRun) {
  const auto facts = facts_of(R"(static void load(void) { PyErr_Clear(); }
static int exec(PyObject *module) {
  load();
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) PyOS_InputHook = NULL;
  return PyErr_CheckSignals();
}
static void nobody(void);
static void nobody(void) { PyErr_Print(); nobody(); }
static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)exec}, {0, NULL}};
static PyModuleDef def = {.m_name = "m", .m_slots = slots};
PyMODINIT_FUNC PyInit_m(void) { return PyModuleDef_Init(&def); }
)",
                              "demo.c", "-w");
  using Times = std::vector<model::Reached>;
  EXPECT_EQ(use(facts, "PyErr_Clear").reached, (Times{{model::RunsWhen::exec, "Py_mod_exec → exec() → load()"}}));
  EXPECT_EQ(use(facts, "PyErr_CheckSignals").reached, (Times{{model::RunsWhen::exec, "Py_mod_exec → exec()"}}));
  EXPECT_EQ(use(facts, "PyOS_InputHook").reached, (Times{{model::RunsWhen::main_interpreter, ""}}));
  EXPECT_EQ(use(facts, "PyErr_Print").reached, (Times{{model::RunsWhen::never, ""}}));
}

TEST(ApiUses, TextsThatACallGets) {
  const auto facts = facts_of(R"(void f(PyObject *t, const char *name) {
  PyObject_SetAttrString(t, "daemon", Py_True);
  PyObject_GetAttrString(t, name);
  PyRun_SimpleString("a program that is longer than any name could be, so nobody asks for it");
}
)");
  EXPECT_THAT(use(facts, "PyObject_SetAttrString").literals, ElementsAre("daemon"));
  EXPECT_THAT(use(facts, "PyObject_GetAttrString").literals, IsEmpty());
  EXPECT_THAT(use(facts, "PyRun_SimpleStringFlags").literals, IsEmpty());
}

TEST(ApiUses, WhatRunsOnce) {
  const auto facts = facts_of(R"(#include <mutex>
#include <pthread.h>
static std::once_flag flag; static pthread_once_t once = PTHREAD_ONCE_INIT;
static void init() { PyTuple_New(1); }
static PyObject *make() { return PySet_New(nullptr); }
PyObject *f() {
  std::call_once(flag, [] { PyList_New(0); });
  pthread_once(&once, init);
  static PyObject *cache = PyDict_New();
  static PyObject *made = make();
  PyLong_FromLong(1);
  return cache + (made != nullptr);
}
)",
                              "demo.cpp");
  EXPECT_EQ(use(facts, "PyList_New").once, "std::call_once");
  EXPECT_EQ(use(facts, "PyTuple_New").once, "pthread_once");
  EXPECT_EQ(use(facts, "PyDict_New").once, "the initialiser of `cache`");
  EXPECT_EQ(use(facts, "PySet_New").once, "");
  EXPECT_EQ(use(facts, "PyLong_FromLong").once, "");
}

TEST(CxxTypes, AClassWithoutMembersHoldsNothing) {
  const auto facts = facts_of(R"(#include <memory>
struct Greenlet { PyObject *self; };
template <class T> struct Allocator : std::allocator<T> { void *get(); };
static Allocator<Greenlet> empty; static std::unique_ptr<Greenlet> full;
void *f() { return empty.get() ? full.get() : nullptr; }
)",
                              "demo.cpp");
  EXPECT_EQ(variable(facts, "empty").python_type, model::PythonType::none);
  EXPECT_NE(variable(facts, "full").python_type, model::PythonType::none);
}

TEST(CxxTypes, AnObjectWithoutMembersCannotChange) {
  const auto facts = facts_of(R"(#include <memory>
template <class T> struct Pool : std::allocator<T> { T *get() { return this->allocate(1); } };
struct Counter { int n = 0; void up() { ++n; } };
static Pool<int> pool; static Counter counter;
int *f() { counter.up(); return pool.get(); }
)",
                              "demo.cpp");
  EXPECT_TRUE(variable(facts, "pool").is_const);
  EXPECT_FALSE(variable(facts, "counter").is_const);
}

/// numpy's PyArray_DTypeMeta begins with a PyHeapTypeObject.
TEST(PythonTypes, AStructThatBeginsWithATypeIsAType) {
  const auto facts = facts_of(R"(typedef struct { PyHeapTypeObject super; int n; } Meta;
typedef struct { PyObject_HEAD int n; } Instance;
Meta type; Meta *types[2]; Instance instance; Instance *cache;
void f(void) { type.n = 1; types[0] = &type; instance.n = 2; cache = &instance; }
)");
  EXPECT_EQ(variable(facts, "type").python_type, model::PythonType::static_type);
  EXPECT_EQ(variable(facts, "types").python_type, model::PythonType::type_pointer);
  EXPECT_EQ(variable(facts, "instance").python_type, model::PythonType::static_object);
  EXPECT_EQ(variable(facts, "cache").python_type, model::PythonType::object_pointer);
}

/// f2c makes every local variable a static one; its header stands at the head of each of its files.
TEST(Generators, F2c) {
  ScratchProject project;
  project.write("f2c.h", "typedef long integer;\n");
  project.unit("blas.c", "/* a banner\n */\n#include \"f2c.h\"\nint f(void) { static integer i__; return ++i__; }\n");
  EXPECT_EQ(variable(project.scan().facts, "i__").generator, "f2c");
}

/// Cython says before each statement which line it was made of.
TEST(CythonLines, AWriteHasTheLineOfTheUsersFile) {
  ScratchProject project;
  project.unit("mod.c", R"(/* Generated by Cython 3.1.0 */
#include <Python.h>
static int __pyx_v_3mod_calls;
static int __pyx_helper(void) {
  return __pyx_v_3mod_calls = 1;
}
/* "mod.pyx":7
 * cpdef f():
 */
int __pyx_f(void) {
  /* "pkg/mod.pyx":12
 *     global calls
 *     calls += 1             # <<<<<<<<<<<<<<
 */
  __pyx_v_3mod_calls = 2;
  /* "not a place" */
  __pyx_v_3mod_calls = 3;
  return __pyx_helper();
}
)");
  const analyzer::SourceResult result = project.scan();
  const model::Variable& calls = variable(result.facts, "__pyx_v_3mod_calls");
  EXPECT_EQ(calls.generator, "cython");
  std::vector<std::string> places;
  for (const model::Write& write : calls.writes)
    places.push_back(write.where.file + ":" + std::to_string(write.where.line));
  EXPECT_THAT(places, UnorderedElementsAre("mod.c:5", "pkg/mod.pyx:12", "pkg/mod.pyx:12"));
}

/// Cython names a file from where it was run; the project may lie deeper in what is scanned.
TEST(CythonLines, AFileIsCalledAsItLiesInTheProject) {
  ScratchProject project;
  project.write("demo-1.0/pkg/mod.pyx", "");
  project.unit("demo-1.0/pkg/mod.c", R"(/* Generated by Cython 3.1.0 */
#include <Python.h>
static int __pyx_v_3mod_calls;
int __pyx_f(void) {
  /* "pkg/mod.pyx":12
 */
  __pyx_v_3mod_calls = 1;
  /* "mod.pyx":13
 */
  __pyx_v_3mod_calls = 2;
  /* "pkg/gone.pyx":14
 */
  return __pyx_v_3mod_calls = 3;
}
)");
  std::vector<std::string> files;
  const analyzer::SourceResult result = project.scan();
  for (const model::Write& write : variable(result.facts, "__pyx_v_3mod_calls").writes) {
    files.push_back(write.where.file);
  }
  EXPECT_THAT(files, UnorderedElementsAre("demo-1.0/pkg/mod.pyx", "demo-1.0/pkg/mod.pyx", "pkg/gone.pyx"));
}

/// `cdef void f() with gil` takes the GIL before its first statement; what Cython adds for itself has no line.
TEST(CythonLines, AUseAtTheHeadOfAFunctionHasTheFunctionsLine) {
  ScratchProject project;
  project.unit("mod.c", R"(/* Generated by Cython 3.1.0 */
#include <Python.h>
/* "pkg/mod.pyx":7
 * cdef void f() with gil:
 */
void __pyx_f_3mod_f(void) {
  PyGILState_STATE state = PyGILState_Ensure();
  /* "pkg/mod.pyx":9
 *   g()
 */
  PyGILState_Release(state);
}
void __Pyx_WriteUnraisable(void) {
  PyErr_CheckSignals();
}
)");
  std::vector<std::string> places;
  for (const model::ApiUse& use : project.scan().facts.api_uses) {
    places.push_back(use.name + " " + use.where.file + ":" + std::to_string(use.where.line));
  }
  EXPECT_THAT(places, IsSupersetOf({"PyGILState_Ensure pkg/mod.pyx:7", "PyErr_CheckSignals mod.c:14"}));
  EXPECT_EQ(use(project.scan().facts, "PyGILState_Ensure").generator, "");
  EXPECT_EQ(use(project.scan().facts, "PyErr_CheckSignals").generator, "cython");
}

/// In `nogil` code Cython takes the GIL where it raises; the user did where the source says so.
TEST(CythonLines, TheGilIsTheUsersWhereHeAskedForIt) {
  ScratchProject project;
  project.unit("mod.c", R"(/* Generated by Cython 3.1.0 */
#include <Python.h>
/* "mod.pyx":7
 * cdef int f(int a) noexcept nogil:             # <<<<<<<<<<<<<<
 *   with gil:
 */
int __pyx_f_3mod_f(int a) {
  /* "mod.pyx":8
 *   with gil:             # <<<<<<<<<<<<<<
 */
  PyGILState_Ensure();
  /* "mod.pyx":10
 *   return 1 // a             # <<<<<<<<<<<<<<
 */
  if (a == 0) { PyGILState_Ensure(); goto __pyx_L1_error; }
  return 1 / a;
  __pyx_L1_error:;
  return 0;
}
/* "mod.pyx":12
 * cdef int g(int a) noexcept nogil:             # <<<<<<<<<<<<<<
 */
int __pyx_f_3mod_g(int a) {
  if (a == 0) goto __pyx_L1_error;
  return a;
  __pyx_L1_error:;
  PyGILState_Ensure();
  return 0;
}
)");
  std::vector<std::string> of_user;
  for (const model::ApiUse& use : project.scan().facts.api_uses) {
    if (use.name == "PyGILState_Ensure" && use.generator.empty()) of_user.push_back(std::to_string(use.where.line));
  }
  EXPECT_THAT(of_user, ElementsAre("8"));
}

/// Cython's own datetime.pxd is no file of the user's: what was made of it stands where it can be looked up.
TEST(CythonLines, AFileThatCythonBringsAlongIsNoPlace) {
  ScratchProject project;
  project.write("own.pxd", "");
  project.unit("pkg/mod.c", R"(/* Generated by Cython 3.1.0 */
#include <Python.h>
/* "own.pxd":3
 * cdef inline void f():
 */
void __pyx_f_3own_f(void) {
  /* "own.pxd":4 */
  PyErr_Clear();
}
void __pyx_f_8datetime_import_datetime(void) {
  /* "datetime.pxd":256 */
  PyErr_CheckSignals();
}
)");
  const auto facts = project.scan().facts;
  EXPECT_EQ(use(facts, "PyErr_Clear").where.file, "own.pxd");
  const model::ApiUse& of_library = use(facts, "PyErr_CheckSignals");
  EXPECT_EQ(of_library.where.file, "pkg/mod.c");
  EXPECT_EQ(of_library.where.line, 12U);
  // The user asked for it by a cimport.
  EXPECT_EQ(of_library.generator, "");
}

/// Each module has C of its own for a line of Cython's library, unlike for one of a header.
TEST(CythonLines, ALineOfTheLibraryIsAUseInEachModule) {
  ScratchProject project;
  project.write("shared.h", "static inline void clear(void) { PyErr_Clear(); }\n");
  for (const char* file : {"a.c", "b.c"}) {
    project.unit(file, R"(/* Generated by Cython 3.1.0 */
#include <Python.h>
#include "shared.h"
/* "View.MemoryView":34
 * def f():
 */
void __pyx_f(void) {
  PyErr_CheckSignals();
  clear();
}
)");
  }
  const auto facts = project.scan().facts;
  const auto count = [&](std::string_view name) {
    return std::ranges::count(facts.api_uses, name, &model::ApiUse::name);
  };
  EXPECT_EQ(count("PyErr_CheckSignals"), 2);
  EXPECT_EQ(count("PyErr_Clear"), 1);
}

}  // namespace
}  // namespace isoaudit::tests
